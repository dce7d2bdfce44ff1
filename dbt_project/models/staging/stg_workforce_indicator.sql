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
    try_cast({{ scaled('numerator') }} as decimal(18, 6)) as numerator,
    try_cast({{ scaled('denominator') }} as decimal(18, 6)) as denominator,
    commentary
from source_rows
