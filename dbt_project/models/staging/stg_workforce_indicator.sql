with source_rows as (
    {{ current_rows('workforce_indicator') }}
)

select
    {{ provenance() }},
    subject_code,
    subject,
    subject_type,
    subject_group,
    topic,
    indicator,
    period,
    cast(period_end as date) as period_end,
    {{ figure('value') }} as value,
    value_unit as unit,
    value_token,
    {{ scaled('numerator', 'decimal(18, 6)') }} as numerator,
    {{ scaled('denominator', 'decimal(18, 6)') }} as denominator,
    commentary
from source_rows
