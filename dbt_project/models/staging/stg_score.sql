with source_rows as (
    {{ current_rows('score') }}
)

select
    {{ provenance() }},
    subject,
    item,
    {{ figure('value') }} as score,
    {{ figure('maximum') }} as maximum
from source_rows
