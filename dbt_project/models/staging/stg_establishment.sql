with source_rows as (
    {{ current_rows('establishment') }}
)

select
    {{ provenance() }},
    service,
    measure,
    {{ figure('value') }} as fte
from source_rows
