select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    risks.risk,
    risks.initial_rating,
    risks.residual_rating,
    risks.controls,
    risks.further_action,
    risks.submission_id,
    risks.sheet,
    {{ cells_of({
        'risk': 'risk',
        'initial_rating': 'initial_rating',
        'residual_rating': 'residual_rating',
        'controls': 'controls',
        'further_action': 'further_action'
    }) }} as cells
from {{ ref('stg_risk') }} as risks
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where risks.closes_quarter
