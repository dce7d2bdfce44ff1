with source_rows as (
    {{ current_rows('staffing_proposal') }}
)

select
    {{ provenance() }},
    proposal,
    reference,
    fiscal_year,
    effect,
    {{ figure('fte') }} as fte,
    {{ figure('vacant_fte') }} as vacant_fte,
    {{ money('value') }} as amount_gbp,
    commentary
from source_rows
