with source_rows as (
    {{ current_rows('commentary') }}
)

select
    {{ provenance() }},
    portfolio,
    programme,
    project,
    scale_id,
    status,
    commentary
from source_rows
