-- Printed totals and results against what they should be. Reads the temporary tables `places` (one row a table on a sheet
-- of a submission), `kinds` (one row a kind of figure), `figures` (one row a printed figure, whatever record it came from),
-- `identities` (one row a declared identity) and `rules` (one row an identity, and 0 for roll-ups); leaves `checked`, one row
-- a comparison. Amounts are compared exactly, in canonical units (value x scale), and reported in the unit of the printed
-- figure.

-- Roll-ups: the rows that name a total, figure by figure, beside what that total prints. A total of other dimensions
-- than its rows (a total of years, where years run down the table) is an identity's business.
create or replace temp table comparisons as
with parts as (
    select
        place,
        block,
        rolls_up_to_row,
        kind,
        list_sort(list(printed)) as terms
    from figures
    where rolls_up_to_row is not null and printed is not null
    group by all
),

totals as (
    select distinct place, block, source_row, label
    from figures
    where row_type in ('subtotal', 'total')
)

select
    parts.place,
    0 as identity,
    totals.label as thing,
    concat_ws(
        ' ',
        nullif(kinds.figure, 'value'),
        nullif(array_to_string(kinds.dimension_values, ' '), '')
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
inner join kinds on parts.kind = kinds.kind
inner join totals
    on
        parts.place = totals.place
        and parts.block = totals.block
        and parts.rolls_up_to_row = totals.source_row
left join figures as total_figures
    on
        parts.place = total_figures.place
        and parts.block = total_figures.block
        and parts.rolls_up_to_row = total_figures.source_row
        and parts.kind = total_figures.kind
        and total_figures.printed is not null
qualify
    len(kinds.dimension_values) = 0
    or bool_or(total_figures.printed is not null) over (
        partition by parts.place, parts.block, parts.rolls_up_to_row
    );

-- Identities. Of a kind of figure, `element` is its value of the field that the identity runs over (blank where that is
-- the label, which every row has its own of), `dimension_words` and `result_figure` say in words which result it bears
-- on.
create or replace temp table bearings as
select
    kinds.kind,
    identities.identity,
    identities.over_field = kinds.label_field as over_label,
    lower(
        case identities.over_field
            when 'figure' then kinds.figure
            when kinds.label_field then null
            else kinds.dimensions[identities.over_field]
        end
    ) as element,
    array_to_string(
        list_transform(
            map_entries(kinds.dimensions),
            e -> case when e.key = identities.over_field then identities.result else e.value end
        ),
        ' '
    ) as dimension_words,
    case
        when over_label then identities.result
        else concat_ws(
            ' ',
            case when identities.over_field = 'figure' then identities.result else nullif(kinds.figure, 'value') end,
            nullif(dimension_words, '')
        )
    end as result_figure
from kinds
inner join identities on kinds.record = identities.record
where over_label or element is not null;

-- Figures of one comparison share `thing`, `result_figure` and, unless the identity runs over the label, the row.
create or replace temp table elements as
with named as (
    select
        figures.place,
        figures.block,
        figures.source_row,
        figures.printed,
        bearings.identity,
        bearings.over_label,
        bearings.result_figure,
        case when bearings.over_label then lower(figures.label) else bearings.element end as element,
        case when bearings.over_label then bearings.dimension_words else figures.label end as thing
    from figures
    inner join bearings on figures.kind = bearings.kind
),

-- Tables with elements beside each other. Where they run down the table, one a row, the thing alone holds them
-- together.
side_by_side as (
    select distinct place, identity
    from (
        select place, identity
        from named
        where not over_label
        group by place, identity, source_row
        having min(element) < max(element)
    )
)

select
    named.* exclude (source_row, over_label),
    case when side_by_side.place is not null then named.source_row end as line
from named
left join side_by_side on named.place = side_by_side.place and named.identity = side_by_side.identity
where named.printed is not null;

-- What each table prints at all, and the column that a blank result stands in.
create or replace temp table printed_elements as
select
    elements.place,
    elements.identity,
    elements.result_figure,
    list(distinct elements.element) as elements,
    any_value(regexp_extract(elements.printed.cell, '^[A-Z]+'))
        filter (where elements.element = identities.result) as result_column
from elements
inner join identities on elements.identity = identities.identity
group by all;

insert into comparisons by name
with lines as (
    select
        elements.place,
        elements.identity,
        elements.block,
        elements.thing,
        elements.result_figure,
        elements.line,
        any_value(elements.printed) filter (where elements.element = identities.result) as result_printed,
        any_value(elements.printed) filter (where elements.element = identities.percent_of) as base,
        list_sort(list(
            struct_update(
                elements.printed,
                amount := case
                    when list_contains(identities.minus, elements.element) then -elements.printed.amount
                    else elements.printed.amount
                end
            )
        ) filter (
            where elements.element <> identities.result
            and (
                list_contains(identities.plus, elements.element)
                or list_contains(identities.minus, elements.element)
                or (identities.plus is null and not list_contains(identities.excluded, elements.element))
            )
        )) as terms
    from elements
    inner join identities on elements.identity = identities.identity
    group by all
)

select
    lines.place,
    lines.identity,
    lines.thing,
    lines.result_figure as figure,
    lines.result_printed as printed,
    printed_elements.result_column || lines.line as cell_if_blank,
    coalesce(lines.terms, []) as terms,
    lines.base.amount as base_amount,
    lines.base.cell as base_cell,
    case when identities.percent_of is not null then identities.within end as within
from lines
inner join identities on lines.identity = identities.identity
inner join printed_elements
    on
        lines.place = printed_elements.place
        and lines.identity = printed_elements.identity
        and lines.result_figure = printed_elements.result_figure
where
    list_contains(printed_elements.elements, identities.result)
    and list_has_all(printed_elements.elements, identities.needed)
    and not coalesce(list_contains(printed_elements.elements, identities.unless_printed), false)
    and (lines.result_printed is not null or identities.blank_result = 'zero')
    -- Where every operand is blank there is nothing to compare, except with a printed 0.
    and (lines.terms is not null or lines.result_printed.amount = 0)
    -- A percentage follows from figures that are all there, and of nothing there is none.
    and (
        identities.percent_of is null
        or (
            lines.base.amount <> 0
            and len(lines.terms) = len(coalesce(identities.plus, [])) + len(identities.minus)
        )
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
        select number, unnest(terms).cell as cell from judged
        union
        select number, base_cell as cell from judged
    )
    where cell is not null
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
    array_to_string(
        list_transform(
            list_sort(list(struct_pack(width := length(letters), letters, first_row, last_row))),
            r -> r.letters || r.first_row
            || case when r.last_row > r.first_row then ':' || r.letters || r.last_row else '' end
        ),
        ', '
    ) as recomputed_from
from runs
group by number;

create or replace temp table checked as
select
    places.submission_id,
    places.organisation_code,
    places.reporting_period,
    places.record,
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
    places.sheet,
    judged.printed_cell,
    added_cells.recomputed_from,
    judged.thing,
    judged.figure,
    judged.decimals,
    rules.says,
    rules.rule as rule_checked
from judged
inner join places on judged.place = places.place
inner join rules on judged.identity = rules.identity
left join added_cells on judged.number = added_cells.number
-- A figure that two records hold is compared once.
qualify
    judged.printed_cell is null
    or row_number() over (
        partition by places.submission_id, places.sheet, judged.printed_cell, rules.rule, added_cells.recomputed_from
        order by places.record_order
    ) = 1;
