select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    figures.topic,
    figures.figure,
    figures.item,
    figures.period,
    figures.place,
    figures.value,
    figures.unit,
    figures.submission_id,
    figures.sheet,
    {{ cells_of({
        'topic': 'topic',
        'figure': 'figure',
        'item': 'item',
        'period': 'period',
        'place': 'place',
        'value': 'value'
    }) }} as cells
from {{ ref('stg_figure') }} as figures
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where figures.closes_quarter
