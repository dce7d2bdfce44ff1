select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    scores.return_id,
    scores.subject,
    scores.item,
    scores.score,
    scores.maximum,
    scores.submission_id,
    scores.sheet,
    {{ cells_of({'item': 'item', 'score': 'value', 'maximum': 'maximum'}) }} as cells
from {{ ref('stg_score') }} as scores
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where scores.closes_quarter and scores.row_type = 'detail'
