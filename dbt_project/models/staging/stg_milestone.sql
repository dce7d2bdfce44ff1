with source_rows as (
    {{ current_rows('milestone') }}
)

select
    {{ provenance() }},
    portfolio,
    programme_code,
    programme,
    project,
    milestone,
    due as due_text,
    commentary
from source_rows
