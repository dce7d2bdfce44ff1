with source_rows as (
    {{ current_rows('agency') }}
)

select
    {{ provenance() }},
    month,
    {{ first_day('month') }} as month_start,
    {{ fiscal_quarter(first_day('month')) }} as measured_quarter,
    measure,
    cast({{ figure('value') }} as bigint) as value
from source_rows
