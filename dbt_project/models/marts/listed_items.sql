select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    items.return_id,
    items.topic,
    items.reference,
    items.item,
    items.text,
    items.submission_id,
    items.sheet,
    {{ cells_of({'reference': 'reference', 'item': 'item', 'text': 'text'}) }} as cells
from {{ ref('stg_narrative') }} as items
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where items.closes_quarter
