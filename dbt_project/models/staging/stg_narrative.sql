with source_rows as (
    {{ current_rows('narrative') }}
)

select
    {{ provenance() }},
    topic,
    item,
    reference,
    text
from source_rows
