with source_rows as (
    {{ current_rows('tally') }}
)

select
    {{ provenance() }},
    subject,
    state,
    cast({{ figure('value') }} as bigint) as items
from source_rows
