with source_rows as (
    {{ current_rows('figure') }}
)

select
    {{ provenance() }},
    topic,
    figure,
    item,
    period,
    place,
    {{ figure('value') }} as value,
    value_unit as unit
from source_rows
