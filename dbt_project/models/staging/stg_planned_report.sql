with source_rows as (
    {{ current_rows('planned_report') }}
)

select
    {{ provenance() }},
    due as due_text,
    report,
    summary,
    lead_officer,
    author
from source_rows
