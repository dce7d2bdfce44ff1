select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    readings.indicator_code,
    readings.indicator,
    readings.audience,
    readings.measured_quarter,
    readings.unit,
    readings.actual,
    readings.target,
    readings.submission_id,
    readings.sheet,
    readings.cells
from {{ ref('int_indicator_values') }} as readings
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
