-- What a check within a return compares, under the name that `reconciliation` gives it.
with arithmetic as (
    select
        organisation_code,
        quarter,
        submission_id,
        sheet,
        subject,
        printed_cell,
        recomputed_from,
        regexp_replace(rule, '-(disagrees|rounds)$', '') as rule_name,
        return_id || ' ' || reporting_period || ': ' || sheet || '!' || coalesce(printed_cell, recomputed_from, '?')
        || ' ' || rule_name as check_name,
        row_number() over (
            partition by organisation_code, quarter, check_name
            order by subject, recomputed_from
        ) as occurrence,
        check_name || case when occurrence > 1 then ' ' || occurrence else '' end as check_id
    from {{ ref('stg_arithmetic_checks') }}
),

cell_ranges as (
    select
        organisation_code,
        quarter,
        check_id,
        submission_id,
        sheet,
        rule_name,
        unnest(string_split(recomputed_from, ', ')) as cell_range
    from arithmetic
    where rule_name in ('identity', 'percentage')
),

checked_submissions as (
    select distinct submission_id
    from cell_ranges
),

-- Most checks add their cells up. These say what else a cell does in a check of that kind: it is taken away, or the
-- rest is divided by it.
signs as (
    select
        submission_id,
        sheet,
        cells ->> 'delivered_alternatively' as cell,
        'identity' as rule_name,
        '-' as sign
    from {{ ref('stg_project_status') }}
    where submission_id in (select checked_submissions.submission_id from checked_submissions)

    union distinct

    select
        submission_id,
        sheet,
        cells ->> 'delivered_alternatively' as cell,
        'identity' as rule_name,
        '-' as sign
    from {{ ref('stg_programme_status') }}
    where submission_id in (select checked_submissions.submission_id from checked_submissions)

    union distinct

    select
        submission_id,
        sheet,
        cells ->> 'value' as cell,
        'identity' as rule_name,
        '-' as sign
    from {{ ref('stg_establishment') }}
    where measure = 'new_fte' and submission_id in (select checked_submissions.submission_id from checked_submissions)

    union distinct

    select
        submission_id,
        sheet,
        cells ->> 'denominator' as cell,
        'percentage' as rule_name,
        '/' as sign
    from {{ ref('stg_workforce_indicator') }}
    where submission_id in (select checked_submissions.submission_id from checked_submissions)

    union distinct

    select
        submission_id,
        sheet,
        cells ->> 'year_baseline' as cell,
        'percentage' as rule_name,
        unnest(['-', '/']) as sign
    from {{ ref('stg_project_delivery') }}
    where submission_id in (select checked_submissions.submission_id from checked_submissions)
),

-- 'C5:C6, C8' as C5, C6 and C8.
single_cells as (
    select
        *,
        regexp_extract(cell_range, '^[A-Z]+') || unnest(generate_series(
            cast(regexp_extract(cell_range, '[0-9]+') as integer),
            cast(regexp_extract(cell_range, '[0-9]+$') as integer)
        )) as cell
    from cell_ranges
),

-- The checks that do not just add up: 'L47, -M47', 'H7, -G7, /G7'.
signed as (
    select
        single_cells.organisation_code,
        single_cells.quarter,
        single_cells.check_id,
        string_agg(
            coalesce(signs.sign, '') || single_cells.cell, ', '
            order by coalesce(array_position(['-', '/'], signs.sign), 0), length(single_cells.cell), single_cells.cell
        ) as cells
    from single_cells
    left join signs using (submission_id, sheet, cell, rule_name)
    group by all
    having count(signs.sign) > 0
),

-- What a cross-check compares. Cells that are counted or ranked rather than added up are to be seen.
cross_checks as (
    select
        organisation_code,
        quarter,
        check_id,
        derives,
        printed_item,
        column_name,
        submission_id,
        sheet,
        any_value(case arithmetic when 'average' then 'average ' when 'words' then 'see ' else '' end)
        || string_agg(
            sign || cell || coalesce('*' || format('{:.15g}', multiplier), ''), ', ' order by sign, length(cell), cell
        ) as cells
    from {{ ref('int_cross_check_cells') }}
    group by organisation_code, quarter, check_id, derives, printed_item, column_name, submission_id, sheet
),

figures as (
    select
        organisation_code,
        quarter,
        'reconciliation' as mart,
        json_object('check_id', check_id) as key,
        'printed_value' as column_name,
        submission_id,
        sheet,
        printed_cell as cells
    from arithmetic

    union all by name

    select
        arithmetic.organisation_code,
        arithmetic.quarter,
        'reconciliation' as mart,
        json_object('check_id', arithmetic.check_id) as key,
        'recomputed_value' as column_name,
        arithmetic.submission_id,
        arithmetic.sheet,
        coalesce(signed.cells, arithmetic.recomputed_from, '') as cells
    from arithmetic
    left join signed using (organisation_code, quarter, check_id)

    union all by name

    select
        organisation_code,
        quarter,
        'reconciliation' as mart,
        json_object('check_id', check_id) as key,
        column_name,
        submission_id,
        sheet,
        cells
    from cross_checks

    union all by name

    select
        organisation_code,
        quarter,
        'programme_dashboard' as mart,
        json_object('measure', printed_item) as key,
        'value' as column_name,
        submission_id,
        sheet,
        cells
    from cross_checks
    where derives = 'programme_dashboard' and column_name = 'recomputed_value'

    union all by name

    select
        organisation_code,
        quarter,
        'milestone_delivery' as mart,
        json_object() as key,
        'delivered_percent_reported' as column_name,
        submission_id,
        sheet,
        cells
    from cross_checks
    where derives = 'milestone_delivery' and column_name = 'printed_value'

    union all by name

    select
        tallies.organisation_code,
        tallies.quarter,
        'milestone_delivery' as mart,
        json_object() as key,
        counted.column_name,
        tallies.submission_id,
        tallies.sheet,
        string_agg(tallies.cells ->> 'value', ', ' order by tallies.source_row) as cells
    from {{ ref('stg_tally') }} as tallies
    inner join (values ('milestones'), ('completed')) as counted (column_name)
        on counted.column_name in ('milestones', tallies.state)
    where tallies.closes_quarter and tallies.subject = 'milestones' and tallies.row_type = 'detail'
    group by all
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    figures.mart,
    cast(figures.key as varchar) as key,
    figures.submission_id,
    figures.sheet,
    cast(to_json(map(
        list(figures.column_name order by figures.column_name), list(figures.cells order by figures.column_name)
    )) as varchar) as cells
from figures
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where figures.cells is not null
group by all
