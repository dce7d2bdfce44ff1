select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    figures.topic,
    figures.indicator,
    figures.period,
    figures.value,
    figures.unit,
    figures.commentary,
    figures.submission_id,
    figures.sheet,
    {{ cells_of({
        'topic': 'topic',
        'indicator': 'indicator',
        'period': 'period',
        'value': 'value',
        'commentary': 'commentary'
    }) }} as cells
from {{ ref('stg_workforce_indicator') }} as figures
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where figures.closes_quarter and figures.row_type = 'detail'
