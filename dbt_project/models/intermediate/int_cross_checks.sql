-- Printed figures against what another table makes of them, as the seed `cross_checks` declares. A measure left open
-- in the seed means every measure that both sides have.
with compared as (
    select
        checks.organisation_code,
        printed.quarter,
        checks.check_group,
        checks.printed_record,
        checks.printed_item,
        printed.measure as printed_measure,
        printed.year,
        checks.record,
        checks.item,
        checks.says,
        printed.unit,
        printed.sheet,
        printed.cell,
        cast(printed.value as decimal(18, 4)) as printed_value,
        cast(
            case checks.calculation
                when 'value' then figures.value
                when 'percent' then 100 * figures.value / nullif(bases.value, 0)
            end as decimal(18, 4)
        ) as recomputed_value,
        cast(0.5 / power(10, checks.decimals) as decimal(18, 4)) as tolerance
    from {{ ref('cross_checks') }} as checks
    inner join {{ ref('int_figures') }} as printed
        on
            checks.organisation_code = printed.organisation_code
            and checks.printed_record = printed.record
            and checks.printed_table = printed.table_name
            and checks.printed_item = printed.item
            and coalesce(checks.printed_measure, printed.measure) = printed.measure
    inner join {{ ref('int_figures') }} as figures
        on
            printed.organisation_code = figures.organisation_code
            and printed.quarter = figures.quarter
            and printed.year = figures.year
            and checks.record = figures.record
            and checks.table_name = figures.table_name
            and checks.item = figures.item
            and coalesce(checks.measure, printed.measure) = figures.measure
    left join {{ ref('int_figures') }} as bases
        on
            figures.organisation_code = bases.organisation_code
            and figures.quarter = bases.quarter
            and figures.year = bases.year
            and figures.record = bases.record
            and figures.table_name = bases.table_name
            and figures.item = bases.item
            and checks.of_measure = bases.measure
    where printed.value is not null
)

select
    *,
    recomputed_value - printed_value as difference,
    case
        when recomputed_value is null then 'disagrees'
        when recomputed_value = printed_value then 'agrees'
        when abs(recomputed_value - printed_value) <= tolerance then 'rounds'
        else 'disagrees'
    end as verdict
from compared
