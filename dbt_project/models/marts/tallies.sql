select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    tallies.return_id,
    tallies.subject,
    tallies.state,
    tallies.row_type,
    tallies.items,
    tallies.submission_id,
    tallies.sheet,
    {{ cells_of({'state': 'state', 'items': 'value'}) }} as cells
from {{ ref('stg_tally') }} as tallies
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where tallies.closes_quarter
