{%- set told_apart_by =
    'organisation_code, check_name, quarter_start, each_topic, each_item, each_measure, each_period'
%}

-- One number for each term of a comparison. Half-units say how far the printed digits leave it open.
with numbers as (
    select
        {{ told_apart_by }},
        term,
        any_value(role) as role,
        any_value(printed_terms) as printed_terms,
        any_value(each_label) as each_label,
        any_value(factor) * cast(
            case any_value(aggregate)
                -- Several figures where one is meant: nobody knows which.
                when 'one' then case when count(*) = 1 then any_value(value) end
                when 'sum' then sum(value)
                when 'mean' then cast(avg(value) as decimal(24, 6))
                when 'max' then max(value)
                when 'items' then count(distinct item_key)
                when 'topics' then count(distinct topic_key)
                when 'parts' then count(distinct part_key)
                when 'periods' then count(distinct period_key)
            end as decimal(24, 6)
        ) as number,
        case any_value(aggregate)
            when 'one' then list(abs(factor) * half_unit)
            when 'sum' then list(abs(factor) * half_unit)
            when 'mean' then [abs(any_value(factor)) * avg(half_unit)]
            when 'max' then [abs(any_value(factor)) * max(half_unit)]
            else [0]
        end as half_units,
        any_value(record) as record,
        any_value(item) as item,
        any_value(unit) as unit,
        min(submission_id) as submission_id,
        min(sheet) as sheet,
        string_agg(distinct cell, ', ' order by cell) as cells,
        string_agg(distinct sheet || '!' || cell, ', ' order by sheet || '!' || cell) as addresses
    from {{ ref('int_cross_check_figures') }}
    group by {{ told_apart_by }}, term
),

printed as (
    select
        {{ told_apart_by }},
        row_number() over (order by {{ told_apart_by }}) as instance,
        any_value(each_label) as each_label,
        sum(number) as printed_value,
        flatten(list(half_units)) as half_units,
        any_value(record) as printed_record,
        any_value(item) as printed_item,
        any_value(unit) as unit,
        min(submission_id) as submission_id,
        min(sheet) as sheet,
        string_agg(cells, ', ' order by term) as printed_cell
    from numbers
    where role = 'printed'
    group by {{ told_apart_by }}
    having count(number) = any_value(printed_terms)
),

loaded as (
    select distinct
        organisation_code,
        quarter_start,
        record,
        table_name
    from {{ ref('int_figures') }}
),

found as (
    select distinct
        organisation_code,
        quarter_start,
        check_name,
        term
    from numbers
),

-- A blank counts as 0 only where its row was found; things in a status that nothing is in are none.
operands as (
    select
        printed.instance,
        terms.role,
        case
            when numbers.term is not null then numbers.number
            when terms.blank_is = 'zero' and found.term is not null then 0
            when terms.record = 'status' and loaded.record is not null then 0
        end as number,
        coalesce(numbers.half_units, []) as half_units,
        numbers.addresses
    from printed
    inner join {{ ref('int_cross_check_terms') }} as terms
        on
            printed.organisation_code = terms.organisation_code
            and printed.check_name = terms.check_name
            and terms.role <> 'printed'
    left join numbers
        on
            terms.organisation_code = numbers.organisation_code
            and terms.check_name = numbers.check_name
            and terms.term = numbers.term
            and printed.quarter_start = numbers.quarter_start
            and printed.each_topic = coalesce(numbers.each_topic, printed.each_topic)
            and printed.each_item = coalesce(numbers.each_item, printed.each_item)
            and printed.each_measure = coalesce(numbers.each_measure, printed.each_measure)
            and printed.each_period = coalesce(numbers.each_period, printed.each_period)
    left join loaded
        on
            terms.organisation_code = loaded.organisation_code
            and terms.record = loaded.record
            and terms.table_name = loaded.table_name
            and printed.quarter_start = loaded.quarter_start + to_months(3 * terms.quarters_back)
    left join found
        on
            terms.organisation_code = found.organisation_code
            and terms.check_name = found.check_name
            and terms.term = found.term
            and printed.quarter_start = found.quarter_start
),

-- A comparison is made where every term has its number.
combined as (
    select
        instance,
        sum(number) filter (where role = 'plus') as added,
        coalesce(cast(sum(number) filter (where role = 'times') as double), 1) as multiplier,
        nullif(coalesce(cast(sum(number) filter (where role = 'of') as double), 1), 0) as divisor,
        case
            when bool_or(role in ('times', 'of')) then try_cast(added * multiplier / divisor as decimal(18, 4))
            else try_cast(added as decimal(18, 4))
        end as recomputed_value,
        flatten(list(half_units) filter (where role = 'plus')) as added_half_units,
        flatten(list(half_units) filter (where role = 'times')) as multiplier_half_units,
        flatten(list(half_units) filter (where role = 'of')) as divisor_half_units,
        string_agg(addresses, ', ' order by addresses) as recomputed_from
    from operands
    group by instance
    having count(*) = count(number) and recomputed_value is not null
),

-- Half-units of operands as they bear on the recomputed value.
recomputed as (
    select
        * exclude (added_half_units, multiplier_half_units, divisor_half_units),
        list_concat(
            list_transform(added_half_units, h -> abs(h * multiplier / divisor)),
            list_transform(multiplier_half_units, h -> abs(h * added / divisor)),
            list_transform(divisor_half_units, h -> abs(h * recomputed_value / divisor))
        ) as half_units
    from combined
),

compared as (
    select
        checks.organisation_code,
        {{ fiscal_quarter('printed.quarter_start') }} as quarter,
        printed.quarter_start,
        checks.check_name,
        printed.each_topic,
        printed.each_item,
        printed.each_measure,
        printed.each_period,
        concat_ws(': ', checks.check_name, nullif(printed.each_label, '')) as check_id,
        concat_ws(': ', nullif(replace(printed.each_label, '_', ' '), ''), checks.says) as says,
        checks.comparison,
        checks.severity,
        checks.derives,
        checks.note,
        printed.printed_item,
        case printed.printed_record
            when 'listed' then 'counted'
            when 'status' then 'counted'
            when 'rank' then 'ranked'
            else 'printed'
        end as printed_basis,
        try_cast(printed.printed_value as decimal(18, 4)) as printed_value,
        recomputed.recomputed_value,
        recomputed.recomputed_value - try_cast(printed.printed_value as decimal(18, 4)) as difference,
        -- The same figure twice: rounded alike it is the same, else the coarser one decides.
        list_concat(printed.half_units, recomputed.half_units) as all_half_units,
        cast(
            coalesce(
                checks.tolerance,
                case
                    when len(printed.half_units) > 1 or len(recomputed.half_units) > 1
                        then least(
                            list_sum(all_half_units),
                            sqrt(3 * list_sum(list_transform(all_half_units, h -> h * h)))
                        )
                    when list_min(all_half_units) < list_max(all_half_units) then list_max(all_half_units)
                    else 0
                end
            ) as decimal(18, 4)
        ) as tolerance,
        case
            when checks.cut_off and len(printed.half_units) = 1
                then nullif(cast(2 * printed.half_units[1] as decimal(18, 4)), 0)
        end as cut_off_place,
        printed.unit,
        printed.submission_id,
        printed.sheet,
        printed.printed_cell,
        recomputed.recomputed_from
    from printed
    inner join recomputed using (instance)
    inner join {{ ref('cross_checks') }} as checks
        on printed.organisation_code = checks.organisation_code and printed.check_name = checks.check_name
)

select
    * exclude (all_half_units),
    case
        when
            recomputed_value = printed_value
            or (comparison = 'at least' and printed_value > recomputed_value)
            or (comparison = 'at most' and printed_value < recomputed_value)
            then 'agrees'
        when abs(difference) <= tolerance then 'rounds'
        -- Cut off after the last printed place instead of rounded to it, where the check says so.
        when trunc(round(recomputed_value / cut_off_place, 6)) * cut_off_place = printed_value
            then 'rounds'
        else 'disagrees'
    end as verdict
from compared
