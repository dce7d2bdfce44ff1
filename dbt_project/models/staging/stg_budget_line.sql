with source_rows as (
    {{ current_rows('budget_line') }}
)

select
    {{ provenance() }},
    section,
    line,
    fiscal_year,
    {{ money('value') }} as amount_gbp
from source_rows
