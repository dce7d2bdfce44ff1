-- The figures on both sides of each comparison, as `lineage_cells` writes them: what a cell does there, and what its
-- number is multiplied with, where that is not the one multiplier of its column. Of a percentage the 100 is understood.
with figures as (
    select
        checks.organisation_code,
        checks.quarter,
        checks.check_id,
        checks.derives,
        checks.printed_item,
        case figures.role when 'printed' then 'printed_value' else 'recomputed_value' end as column_name,
        figures.role,
        figures.record,
        figures.aggregate,
        figures.factor,
        figures.multiplier,
        figures.submission_id,
        figures.sheet,
        figures.cell || coalesce('#' || figures.cell_part, '') as cell
    from {{ ref('int_cross_checks') }} as checks
    inner join {{ ref('int_cross_check_figures') }} as figures
        on
            checks.organisation_code = figures.organisation_code
            and checks.check_name = figures.check_name
            and checks.quarter_start = figures.quarter_start
            and checks.each_topic = coalesce(figures.each_topic, checks.each_topic)
            and checks.each_item = coalesce(figures.each_item, checks.each_item)
            and checks.each_measure = coalesce(figures.each_measure, checks.each_measure)
            and checks.each_period = coalesce(figures.each_period, checks.each_period)
),

sides as (
    select
        *,
        bool_or(role = 'of') over one_side as divided,
        -- Products, counts and ranks are not added up from the cells.
        bool_or(
            role = 'times' or aggregate not in ('one', 'sum', 'mean') or record in ('listed', 'status', 'rank')
        ) over one_side as in_words,
        bool_and(aggregate = 'mean') over one_side as averaged,
        cast(abs(factor) as double) * case when divided and role = 'plus' then 0.01 else 1 end as times
    from figures
    window one_side as (partition by organisation_code, quarter, check_id, column_name)
)

select
    organisation_code,
    quarter,
    check_id,
    derives,
    printed_item,
    column_name,
    case
        when in_words then 'words'
        when averaged then 'average'
        when divided then 'percent'
        else 'sum'
    end as arithmetic,
    case
        when role = 'of' then '/'
        when factor < 0 then '-'
        else ''
    end as sign,
    case when times <> 1 then cast(multiplier as double) * times end as multiplier,
    submission_id,
    sheet,
    cell
from sides
