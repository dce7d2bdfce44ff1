with source_rows as (
    {{ current_rows('savings') }}
)

select
    {{ provenance() }},
    portfolio,
    component,
    component_type,
    savings_year,
    measure,
    {{ money('value') }} as amount_gbp
from source_rows
