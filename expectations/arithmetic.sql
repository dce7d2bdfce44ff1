-- Printed totals and results against what they should be. Reads the temporary tables `figures` (one row a printed
-- figure, whatever record it came from), `identities` (one row a declared identity) and `rules` (one row an identity,
-- and 0 for roll-ups); leaves `checked`, one row a comparison.
-- Amounts are compared exactly, in canonical units (value x scale), and reported in the unit of the printed figure.

-- Roll-ups: the rows that name a total, figure by figure, beside what that total prints. A total of other dimensions
-- than its rows (a total of years, where years run down the table) is an identity's business.
create or replace temp table comparisons as
with parts as (
    select
        record, record_order, submission_id, organisation_code, reporting_period, table_name, sheet, block,
        rolls_up_to_row, figure, dimensions,
        list(printed order by source_row) as terms
    from figures
    where rolls_up_to_row is not null and printed is not null
    group by all
),

totals as (
    select distinct record, submission_id, table_name, sheet, block, source_row, label
    from figures
    where row_type in ('subtotal', 'total')
)

select
    parts.record,
    parts.record_order,
    0 as identity,
    parts.submission_id,
    parts.organisation_code,
    parts.reporting_period,
    parts.sheet,
    totals.label as thing,
    concat_ws(
        ' ',
        nullif(parts.figure, 'value'),
        nullif(array_to_string(map_values(parts.dimensions), ' '), '')
    ) as figure,
    total_figures.printed,
    -- A blank total stands in the column of its rows.
    case
        when len(list_distinct(list_transform(parts.terms, t -> regexp_extract(t.cell, '^[A-Z]+')))) = 1
            then regexp_extract(parts.terms[1].cell, '^[A-Z]+') || parts.rolls_up_to_row
    end as cell_if_blank,
    parts.terms,
    null::decimal(38, 12) as base_amount,
    null::varchar as base_cell,
    null::double as within
from parts
inner join totals
    on
        parts.record = totals.record
        and parts.submission_id = totals.submission_id
        and parts.table_name = totals.table_name
        and parts.sheet = totals.sheet
        and parts.block = totals.block
        and parts.rolls_up_to_row = totals.source_row
left join figures as total_figures
    on
        parts.record = total_figures.record
        and parts.submission_id = total_figures.submission_id
        and parts.table_name = total_figures.table_name
        and parts.sheet = total_figures.sheet
        and parts.block = total_figures.block
        and parts.rolls_up_to_row = total_figures.source_row
        and parts.figure = total_figures.figure
        and parts.dimensions = total_figures.dimensions
        and total_figures.printed is not null
qualify
    len(map_keys(parts.dimensions)) = 0
    or bool_or(total_figures.printed is not null) over (
        partition by
            parts.record, parts.submission_id, parts.table_name, parts.sheet, parts.block, parts.rolls_up_to_row
    );

-- Identities. Of a figure, `element` is its value of the field that the identity runs over, `thing` and `result_figure`
-- say in words which result it bears on; figures of one comparison share those two and, unless the identity runs over
-- the label, the row.
create or replace temp table elements as
with named as (
    select
        figures.*,
        identities.* exclude (record),
        identities.over_field = figures.label_field as over_label,
        lower(
            case identities.over_field
                when 'figure' then figures.figure
                when figures.label_field then figures.label
                else figures.dimensions[identities.over_field]
            end
        ) as element,
        array_to_string(
            list_transform(
                map_entries(figures.dimensions),
                e -> case when e.key = identities.over_field then identities.result else e.value end
            ),
            ' '
        ) as dimension_words
    from figures
    inner join identities on figures.record = identities.record
    where element is not null
),

rows_compared as (
    select
        *,
        min(element) over one_row < max(element) over one_row as elements_side_by_side
    from named
    window one_row as (partition by submission_id, identity, table_name, sheet, source_row)
)

select
    *,
    case when over_label then dimension_words else label end as thing,
    case
        when over_label then result
        else concat_ws(
            ' ',
            case when over_field = 'figure' then result else nullif(figure, 'value') end,
            nullif(dimension_words, '')
        )
    end as result_figure,
    -- Where the elements run down the table, one a row, the thing alone holds them together.
    case
        when
            not over_label
            and bool_or(elements_side_by_side) over (partition by submission_id, identity, table_name, sheet)
            then source_row
    end as line
from rows_compared;

-- What each table prints at all, and the column that a blank result stands in.
create or replace temp table printed_elements as
select
    submission_id,
    identity,
    table_name,
    sheet,
    result_figure,
    list(distinct element) as elements,
    any_value(regexp_extract(printed.cell, '^[A-Z]+')) filter (where element = result) as result_column
from elements
where printed is not null
group by all;

insert into comparisons by name
with lines as (
    select
        record, record_order, identity, submission_id, organisation_code, reporting_period, table_name, sheet, block,
        thing, result_figure, line, result, plus, minus, needed, unless_printed, blank_result, percent_of, within,
        any_value(printed) filter (where element = result and printed is not null) as result_printed,
        any_value(printed) filter (where element = percent_of and printed is not null) as base,
        list(
            struct_pack(
                amount := case when list_contains(minus, element) then -printed.amount else printed.amount end,
                scale := printed.scale,
                decimals := printed.decimals,
                unit := printed.unit,
                cell := printed.cell
            ) order by source_row, length(printed.cell), printed.cell
        ) filter (
            where printed is not null and element <> result
            and (
                list_contains(plus, element)
                or list_contains(minus, element)
                or (plus is null and not list_contains(excluded, element))
            )
        ) as terms
    from elements
    group by all
)

select
    lines.record,
    lines.record_order,
    lines.identity,
    lines.submission_id,
    lines.organisation_code,
    lines.reporting_period,
    lines.sheet,
    lines.thing,
    lines.result_figure as figure,
    lines.result_printed as printed,
    printed_elements.result_column || lines.line as cell_if_blank,
    coalesce(lines.terms, []) as terms,
    lines.base.amount as base_amount,
    lines.base.cell as base_cell,
    case when lines.percent_of is not null then lines.within end as within
from lines
inner join printed_elements using (submission_id, identity, table_name, sheet, result_figure)
where
    list_contains(printed_elements.elements, lines.result)
    and list_has_all(printed_elements.elements, lines.needed)
    and not coalesce(list_contains(printed_elements.elements, lines.unless_printed), false)
    and (lines.result_printed is not null or lines.blank_result = 'zero')
    -- Where every operand is blank there is nothing to compare, except with a printed 0.
    and (lines.terms is not null or lines.result_printed.amount = 0)
    -- A percentage follows from figures that are all there, and of nothing there is none.
    and (
        lines.percent_of is null
        or (lines.base.amount <> 0 and len(lines.terms) = len(coalesce(lines.plus, [])) + len(lines.minus))
    );

-- The verdicts.
create or replace temp table judged as
with amounts as (
    select
        *,
        row_number() over () as number,
        coalesce(printed.scale, terms[1].scale) as scale,
        coalesce(printed.unit, terms[1].unit) as unit,
        coalesce(printed.decimals, terms[1].decimals) as decimals,
        coalesce(printed.cell, cell_if_blank) as printed_cell,
        coalesce(list_sum(list_transform(terms, t -> t.amount)), 0) as sum_of_terms,
        abs(scale) / 10 ^ decimals as last_place,
        -- Of next to nothing, a percentage may be larger than any number that is kept.
        try_cast(
            round(100 * sum_of_terms::double / base_amount::double / last_place, 2) * last_place as decimal(38, 12)
        ) as percentage,
        -- A percentage that rounds to the printed one is the printed one; another is shown to two more places.
        case
            when within is null then sum_of_terms
            when abs(percentage - printed.amount) <= (last_place / 2)::decimal(38, 12) then printed.amount
            else percentage
        end as recomputed_amount,
        list_transform(
            list_filter(list_append(terms, printed), f -> not list_contains(getvariable('exact_units'), f.unit)),
            f -> abs(f.scale)::double * 0.5 / 10 ^ f.decimals
        ) as half_units
    from comparisons
)

select
    *,
    recomputed_amount - coalesce(printed.amount, 0) as difference_amount,
    case
        when within is not null then within * last_place
        when printed is null or len(half_units) = 0 then 0
        -- The same figure twice: rounded alike it is the same, else the coarser one decides.
        when len(terms) = 1 and list_min(half_units) = list_max(half_units) then 0
        when len(terms) = 1 then list_max(half_units)
        else least(list_sum(half_units), sqrt(3 * list_sum(list_transform(half_units, h -> h * h))))
    end as tolerance_amount,
    case
        when difference_amount = 0 then 'agrees'
        when abs(difference_amount) <= tolerance_amount then 'rounds'
        else 'disagrees'
    end as verdict
from amounts;

-- The cells that were added up: `E6:E28` where they follow each other in a column.
create or replace temp table added_cells as
with cells as (
    select
        number,
        regexp_extract(cell, '^[A-Z]+') as letters,
        regexp_extract(cell, '[0-9]+$')::integer as row_number
    from (
        select
            number,
            unnest(list_distinct(list_filter(
                list_append(list_transform(terms, t -> t.cell), base_cell), c -> c is not null
            ))) as cell
        from judged
    )
),

runs as (
    select number, letters, min(row_number) as first_row, max(row_number) as last_row
    from (
        select *, row_number - row_number() over (partition by number, letters order by row_number) as run
        from cells
    )
    group by number, letters, run
)

select
    number,
    string_agg(
        letters || first_row || case when last_row > first_row then ':' || letters || last_row else '' end,
        ', ' order by length(letters), letters, first_row
    ) as recomputed_from
from runs
group by number;

create or replace temp table checked as
select
    judged.submission_id,
    judged.organisation_code,
    judged.reporting_period,
    judged.record,
    judged.thing || ': ' || replace(judged.figure, '_', ' ') || ' = ' || rules.says as subject,
    -- Blank where it is a million million or more.
    try_cast(judged.printed.amount / judged.scale as decimal(18, 6)) as printed_value,
    try_cast(judged.recomputed_amount / judged.scale as decimal(18, 6)) as recomputed_value,
    try_cast(judged.difference_amount / judged.scale as decimal(18, 6)) as difference,
    try_cast(judged.tolerance_amount / abs(judged.scale) as decimal(18, 6)) as tolerance,
    case
        when recomputed_value is null or difference is null then getvariable('bounds_rule')
        when judged.verdict = 'rounds' then getvariable('rounding_rule')
        else rules.rule
    end as rule,
    judged.unit,
    judged.scale,
    judged.verdict,
    judged.sheet,
    judged.printed_cell,
    added_cells.recomputed_from,
    judged.thing,
    judged.figure,
    judged.decimals,
    rules.says,
    rules.rule as rule_checked
from judged
inner join rules on judged.identity = rules.identity
left join added_cells on judged.number = added_cells.number
-- A figure that two records hold is compared once.
qualify
    judged.printed_cell is null
    or row_number() over (
        partition by judged.submission_id, judged.sheet, judged.printed_cell, rules.rule, added_cells.recomputed_from
        order by judged.record_order
    ) = 1;
