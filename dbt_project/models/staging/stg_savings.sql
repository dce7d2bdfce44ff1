with source_rows as (
    {{ current_rows('savings') }}
),

-- A totals row stands in its own portfolio's column ('Place Totals'): it belongs to the portfolio of its rows.
portfolios as (
    select
        submission_id,
        table_name,
        block,
        rolls_up_to_row as source_row,
        any_value(portfolio) as portfolio
    from {{ source('raw', 'savings') }}
    where row_type = 'detail' and rolls_up_to_row is not null
    group by submission_id, table_name, block, rolls_up_to_row
),

with_portfolios as (
    select
        source_rows.* exclude (portfolio),
        case
            when source_rows.row_type = 'detail' then source_rows.portfolio
            else coalesce(portfolios.portfolio, source_rows.portfolio)
        end as portfolio,
        source_rows.row_type <> 'detail' and source_rows.component = source_rows.portfolio as is_about_portfolio
    from source_rows
    left join portfolios using (submission_id, table_name, block, source_row)
)

select
    {{ provenance() }},
    portfolio,
    component,
    case when is_about_portfolio then 'portfolio' else component_type end as component_type,
    savings_year,
    measure,
    {{ money('value') }} as amount_gbp
from with_portfolios
