with source_rows as (
    {{ current_rows('workforce_indicator') }}
)

select
    {{ provenance() }},
    topic,
    indicator,
    period,
    {{ figure('value') }} as value,
    value_unit as unit,
    commentary
from source_rows
