with source_rows as (
    {{ current_rows('savings') }}
),

with_totals as (
    select
        *,
        case when row_type = 'detail' then rolls_up_to_row else source_row end as total_row
    from source_rows
)

select
    {{ provenance() }},
    -- A totals row stands in its own portfolio's column ('Place Totals'): it belongs to the portfolio of its rows.
    case
        when row_type = 'detail' then portfolio
        else coalesce(
            first_value(portfolio) over (
                partition by submission_id, table_name, block, total_row
                order by row_type = 'detail' desc, source_row
            ),
            portfolio
        )
    end as portfolio,
    component,
    case
        when row_type <> 'detail' and (cells ->> 'component') = (cells ->> 'portfolio') then 'portfolio'
        else component_type
    end as component_type,
    savings_year,
    measure,
    {{ money('value') }} as amount_gbp
from with_totals
