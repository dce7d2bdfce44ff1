-- Printed totals and results against what they should be. Reads `places` (one row a table on a sheet of a submission),
-- `kinds` (one row a kind of figure), `laid_out` (one row a figure, whatever record it came from, printed or blank),
-- `identities` (one row a declared identity) and `rules` (one row an identity, and 0 for roll-ups); leaves the temporary
-- table `checked`, one row a comparison. Amounts are compared exactly, in canonical units (value x scale), and reported in
-- the unit of the printed figure.
create or replace temp table checked as
with figures as materialized (
    select
        *,
        row_number() over () as number,
        coalesce(('0x' || hex(letters))::bigint, 0) as column_number,
        -- What orders figures by row, then column, and cells by column, then row.
        source_row * 4294967296 + column_number as across,
        column_number * 4294967296 + row_number as down,
        case
            when not list_contains(getvariable('exact_units'), unit) then abs(scale)::double * 0.5 / 10 ^ decimals
        end as half_unit
    from laid_out
),

-- Roll-ups: the rows that name a total, figure by figure, beside what that total prints. A total of other dimensions
-- than its rows (a total of years, where years run down the table) is an identity's business.
parts as (
    select
        hash(place, block, rolls_up_to_row, kind) as comparison,
        *
    from figures
    where rolls_up_to_row is not null and amount is not null
),

totals as (
    select distinct place, block, source_row, label
    from figures
    where row_type in ('subtotal', 'total')
),

roll_ups as (
    select
        rolled_up.comparison,
        rolled_up.place,
        totals.label as thing,
        concat_ws(
            ' ',
            nullif(kinds.figure, 'value'),
            nullif(array_to_string(kinds.dimension_values, ' '), '')
        ) as figure,
        printed.number as printed_number,
        rolled_up.rolls_up_to_row as row_if_blank
    from (select distinct comparison, place, block, rolls_up_to_row, kind from parts) as rolled_up
    inner join kinds on rolled_up.kind = kinds.kind
    inner join totals
        on
            rolled_up.place = totals.place
            and rolled_up.block = totals.block
            and rolled_up.rolls_up_to_row = totals.source_row
    left join figures as printed
        on
            rolled_up.place = printed.place
            and rolled_up.block = printed.block
            and rolled_up.rolls_up_to_row = printed.source_row
            and rolled_up.kind = printed.kind
            and printed.amount is not null
    qualify
        len(kinds.dimension_values) = 0
        or bool_or(printed.number is not null) over (
            partition by rolled_up.place, rolled_up.block, rolled_up.rolls_up_to_row
        )
),

-- Identities. Of a kind of figure, `element` is its value of the field that the identity runs over (blank where that is
-- the label, which every row has its own of), `dimension_words` and `result_figure` say in words which result it bears
-- on.
bearings as (
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
    where over_label or element is not null
),

-- What each table prints at all, and in which column.
printed_kinds as (
    select
        figures.place,
        figures.kind,
        case when by_label.kind is not null then lower(figures.label) end as label,
        any_value(figures.letters) as letters
    from figures
    left join (select distinct kind from bearings where over_label) as by_label on figures.kind = by_label.kind
    where figures.amount is not null
    group by all
),

printed_elements as (
    select
        printed_kinds.place,
        bearings.identity,
        bearings.result_figure,
        case when bearings.over_label then printed_kinds.label else bearings.element end as element,
        printed_kinds.letters
    from printed_kinds
    inner join bearings on printed_kinds.kind = bearings.kind
),

-- What an element is in an identity, unless it is nothing in it.
roles as (
    select
        elements.identity,
        elements.element,
        elements.element = identities.result as is_result,
        coalesce(elements.element = identities.percent_of, false) as is_base,
        case
            when is_result then 0
            when list_contains(identities.minus, elements.element) then -1
            when list_contains(identities.plus, elements.element) then 1
            when identities.plus is null and not list_contains(identities.excluded, elements.element) then 1
            else 0
        end as sign
    from (select distinct identity, element from printed_elements) as elements
    inner join identities on elements.identity = identities.identity
    where is_result or is_base or sign <> 0
),

-- The results that follow in a table from what it prints, the column that a blank one stands in, and what bears on them.
results as (
    select
        printed_elements.place,
        printed_elements.identity,
        printed_elements.result_figure,
        any_value(printed_elements.letters) filter (where printed_elements.element = identities.result) as letters
    from printed_elements
    inner join identities on printed_elements.identity = identities.identity
    group by printed_elements.place, printed_elements.identity, printed_elements.result_figure
    having
        bool_or(printed_elements.element = identities.result)
        and list_has_all(list(distinct printed_elements.element), any_value(identities.needed))
        and not coalesce(bool_or(printed_elements.element = identities.unless_printed), false)
),

following as (
    select
        results.place,
        results.letters,
        bearings.*
    from results
    inner join bearings on results.identity = bearings.identity and results.result_figure = bearings.result_figure
),

-- Tables with elements beside each other. Where they run down the table, one a row, the thing alone holds them
-- together.
side_by_side as (
    select distinct place, identity
    from (
        select figures.place, following.identity
        from figures
        inner join following on figures.place = following.place and figures.kind = following.kind
        where not following.over_label
        group by figures.place, following.identity, figures.source_row
        having min(following.element) < max(following.element)
    )
),

-- Figures of one comparison share `thing`, `result_figure` and, unless the identity runs over the label, the row.
elements as (
    select
        figures.*,
        following.identity,
        following.result_figure,
        following.letters as letters_if_blank,
        if(following.over_label, following.dimension_words, figures.label) as thing,
        if(side_by_side.place is null, null, figures.source_row) as line,
        hash(figures.place, following.identity, figures.block, thing, following.result_figure, line) as comparison,
        roles.is_result,
        roles.is_base,
        roles.sign
    from figures
    inner join following on figures.place = following.place and figures.kind = following.kind
    inner join roles
        on
            following.identity = roles.identity
            and roles.element = if(following.over_label, lower(figures.label), following.element)
    left join side_by_side on figures.place = side_by_side.place and following.identity = side_by_side.identity
    where figures.amount is not null
),

lines as (
    select
        comparison,
        any_value(place) as place,
        any_value(identity) as identity,
        any_value(thing) as thing,
        any_value(result_figure) as figure,
        any_value(number) filter (where is_result) as printed_number,
        any_value(amount) filter (where is_result) as printed_amount,
        any_value(letters_if_blank) as letters_if_blank,
        any_value(line) as row_if_blank,
        any_value(amount) filter (where is_base) as base_amount,
        count(*) filter (where sign <> 0) as terms
    from elements
    group by comparison
),

results_of_lines as (
    select
        lines.* exclude (printed_amount, terms),
        case when identities.percent_of is not null then identities.within end as within
    from lines
    inner join identities on lines.identity = identities.identity
    where
        (lines.printed_number is not null or identities.blank_result = 'zero')
        -- Where every operand is blank there is nothing to compare, except with a printed 0.
        and (lines.terms > 0 or lines.printed_amount = 0)
        -- A percentage follows from figures that are all there, and of nothing there is none.
        and (
            identities.percent_of is null
            or (lines.base_amount <> 0 and lines.terms = len(coalesce(identities.plus, [])) + len(identities.minus))
        )
),

-- Both: what is compared, and what is added up for it.
comparisons as (
    select *, 0 as identity from roll_ups
    union all by name
    select * from results_of_lines
),

terms as (
    select comparison, amount, scale, decimals, unit, half_unit, letters, row_number, across, down from parts
    union all
    select comparison, if(sign < 0, -amount, amount), scale, decimals, unit, half_unit, letters, row_number, across, down
    from elements
    where sign <> 0
),

sums as (
    select
        comparison,
        count(*) as terms,
        sum(amount) as amount,
        arg_min(scale, across) as scale,
        arg_min(decimals, across) as decimals,
        arg_min(unit, across) as unit,
        min(half_unit) as least_half_unit,
        max(half_unit) as most_half_unit,
        sum(half_unit) as half_units,
        sum(half_unit * half_unit) as squares,
        case when min(letters) = max(letters) then min(letters) end as letters
    from terms
    group by comparison
),

-- The cells that were added up: `E6:E28` where they follow each other in a column.
runs as (
    select
        comparison,
        any_value(letters) as letters,
        min(down) as first_down,
        min(row_number) as first_row,
        max(row_number) as last_row
    from (
        select *, down - dense_rank() over (partition by comparison order by down) as run
        from (
            select comparison, letters, row_number, down from terms
            union all
            select comparison, letters, row_number, down from elements where is_base
        )
        where letters is not null
    )
    group by comparison, run
),

added_cells as (
    select
        comparison,
        array_to_string(
            list_select(
                list(letters || first_row || if(last_row > first_row, ':' || letters || last_row, '')),
                list_grade_up(list(first_down))
            ),
            ', '
        ) as recomputed_from
    from runs
    group by comparison
),

-- The verdicts.
beside_each_other as (
    select
        comparisons.*,
        printed.amount as printed_amount,
        coalesce(printed.scale, sums.scale) as scale,
        coalesce(printed.unit, sums.unit) as unit,
        coalesce(printed.decimals, sums.decimals) as decimals,
        coalesce(
            printed.letters || printed.row_number,
            -- A blank total stands in the column of its rows.
            if(comparisons.identity = 0, sums.letters, comparisons.letters_if_blank) || comparisons.row_if_blank
        ) as printed_cell,
        sums.terms,
        coalesce(sums.amount, 0) as sum_of_terms,
        least(sums.least_half_unit, printed.half_unit) as least_half_unit,
        greatest(sums.most_half_unit, printed.half_unit) as most_half_unit,
        coalesce(sums.half_units, 0) + coalesce(printed.half_unit, 0) as half_units,
        coalesce(sums.squares, 0) + coalesce(printed.half_unit * printed.half_unit, 0) as squares
    from comparisons
    left join sums on comparisons.comparison = sums.comparison
    left join figures as printed on comparisons.printed_number = printed.number
),

recomputed as (
    select
        *,
        abs(scale) / 10 ^ decimals as last_place,
        -- Of next to nothing, a percentage may be larger than any number that is kept.
        try_cast(
            round(100 * sum_of_terms::double / base_amount::double / last_place, 2) * last_place as decimal(38, 12)
        ) as percentage,
        -- A percentage that rounds to the printed one is the printed one; another is shown to two more places.
        case
            when within is null then sum_of_terms
            when abs(percentage - printed_amount) <= (last_place / 2)::decimal(38, 12) then printed_amount
            else percentage
        end as recomputed_amount
    from beside_each_other
),

judged as (
    select
        *,
        recomputed_amount - coalesce(printed_amount, 0) as difference_amount,
        case
            when within is not null then within * last_place
            when printed_amount is null or least_half_unit is null then 0
            -- The same figure twice: rounded alike it is the same, else the coarser one decides.
            when terms = 1 and least_half_unit = most_half_unit then 0
            when terms = 1 then most_half_unit
            else least(half_units, sqrt(3 * squares))
        end as tolerance_amount,
        case
            when difference_amount = 0 then 'agrees'
            when abs(difference_amount) <= tolerance_amount then 'rounds'
            else 'disagrees'
        end as verdict
    from recomputed
),

placed as materialized (
    select
        row_number() over () as number,
        places.submission_id,
        places.organisation_code,
        places.reporting_period,
        places.record,
        places.record_order,
        concat_ws(': ', judged.thing, replace(judged.figure, '_', ' ')) || ' = ' || rules.says as subject,
        -- Blank where it is a million million or more.
        try_cast(judged.printed_amount / judged.scale as decimal(18, 6)) as printed_value,
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
    left join added_cells on judged.comparison = added_cells.comparison
)

-- A figure that two records hold is compared once.
select * exclude (number, record_order)
from placed
where
    printed_cell is null
    or number in (
        select arg_min(number, record_order)
        from placed
        group by hash(submission_id, sheet, printed_cell, rule_checked, recomputed_from)
    );
