-- 'Autumn 2018', 'Oct – Nov 18', 'June/ October 2019', 'March 2019 (and ongoing)' as a first and a last day.
with milestones as (
    select
        submission_id,
        table_name,
        source_row,
        translate(lower(due_text), '–—', '--') as due_words,
        coalesce(
            try_cast(left(due_text, 10) as date), cast(try_strptime(due_text, '%d/%m/%Y') as date)
        ) as whole_date
    from {{ ref('stg_milestone') }}
    where due_text is not null
),

-- Every word that a year or a separator follows; the seed knows which of them are months and seasons.
found as (
    select
        submission_id,
        table_name,
        source_row,
        regexp_extract_all(due_words, '\b[a-z]+\b\.?\s*(?:(?:20)?\d{2}\b|-|/|&|to\b|and\b|or\b)') as found_words,
        unnest(found_words) as words,
        generate_subscripts(found_words, 1) as position
    from milestones
),

dated_words as (
    select
        found.submission_id,
        found.table_name,
        found.source_row,
        found.position,
        calendar_words.first_month,
        calendar_words.months,
        try_cast(nullif(regexp_extract(found.words, '\d+$'), '') as integer) as printed_year
    from found
    inner join {{ ref('calendar_words') }} as calendar_words
        on regexp_extract(found.words, '^[a-z]+') = calendar_words.word
),

-- A month without a year takes that of the next one that has it ('Oct - Nov 18'), or the one before ('Dec - Jan 19').
with_years as (
    select
        *,
        first_value(printed_year ignore nulls) over following
        - case when printed_year is null and first_month > lead(first_month) over following then 1 else 0 end as year,
        case when year < 100 then 2000 + year else year end as full_year
    from dated_words
    window following as (
        partition by submission_id, table_name, source_row
        order by position
        rows between current row and unbounded following
    )
),

spans as (
    select
        submission_id,
        table_name,
        source_row,
        min(make_date(full_year, first_month, 1)) as first_day,
        max(make_date(full_year, first_month, 1) + to_months(months)) as day_after
    from with_years
    where full_year is not null
    group by submission_id, table_name, source_row
)

select
    milestones.submission_id,
    milestones.table_name,
    milestones.source_row,
    coalesce(spans.first_day, milestones.whole_date) as due_from,
    case
        when not regexp_matches(milestones.due_words, '\bon[ -]?going\b|\bonwards\b')
            then coalesce(cast(spans.day_after - interval 1 day as date), milestones.whole_date)
    end as due_to
from milestones
left join spans using (submission_id, table_name, source_row)
