with source_rows as (
    {{ current_rows('indicator') }}
)

select
    {{ provenance() }},
    indicator_group,
    indicator_code,
    indicator,
    audience,
    fiscal_quarter as measured_quarter,
    measure,
    {{ figure('value') }} as value,
    value_unit as unit,
    footnote,
    commentary
from source_rows
