with source_rows as (
    {{ current_rows('dashboard_measure') }}
)

select
    {{ provenance() }},
    measure,
    {{ figure('value') }} as value,
    value_unit as unit,
    description
from source_rows
