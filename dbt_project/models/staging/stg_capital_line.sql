with source_rows as (
    {{ current_rows('capital_line') }}
)

select
    {{ provenance() }},
    scheme,
    profile,
    line,
    fiscal_year,
    {{ money('value') }} as amount_gbp
from source_rows
