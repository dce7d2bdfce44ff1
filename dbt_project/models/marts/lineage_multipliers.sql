select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    multipliers.submission_id,
    multipliers.sheet,
    multipliers.unit,
    multipliers.multiplier,
    string_agg(
        multipliers.place, ', ' order by length(multipliers.letters), multipliers.letters, multipliers.first_row
    ) as sheet_columns
from {{ ref('stg_multipliers') }} as multipliers
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
group by all
