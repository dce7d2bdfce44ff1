select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    tiles.measure,
    tiles.description,
    tiles.unit,
    tiles.value as reported_value,
    checks.recomputed_value as value,
    regexp_extract(checks.says, '= (.*)$', 1) as derivation,
    tiles.submission_id,
    tiles.sheet,
    {{ cells_of({'measure': 'measure', 'description': 'description', 'reported_value': 'value'}) }} as cells
from {{ ref('stg_dashboard_measure') }} as tiles
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
left join {{ ref('int_cross_checks') }} as checks
    on
        tiles.organisation_code = checks.organisation_code
        and tiles.quarter = checks.quarter
        and checks.derives = 'programme_dashboard'
        and tiles.measure = checks.printed_item
where tiles.closes_quarter
