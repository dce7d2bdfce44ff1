with source_rows as (
    {{ current_rows('risk') }}
)

select
    {{ provenance() }},
    risk,
    initial_rating,
    residual_rating,
    controls,
    further_action
from source_rows
