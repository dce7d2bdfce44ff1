{{ config(materialized='view') }}

-- 'Autumn 2018', 'Oct – Nov 18', 'March 2019 (and ongoing)', '17th October 2019' as a first and a last day.
with due_texts as (
    select due_text from {{ ref('stg_milestone') }}

    union distinct

    select due_text from {{ ref('stg_planned_report') }}
),

due as (
    select
        due_text,
        translate(lower(due_text), '–—', '--') as due_words,
        regexp_replace(due_words, '^(\d{1,2})(?:st|nd|rd|th) ', '\1 ') as day_words,
        cast(coalesce(
            try_cast(left(due_text, 10) as date),
            try_strptime(due_text, '%d/%m/%Y'),
            try_strptime(day_words, ['%d %B %Y', '%d %b %Y'])
        ) as date) as whole_date
    from due_texts
    where due_text is not null
),

-- Every word that a year or a separator follows; the seed knows which of them are months and seasons.
found as (
    select
        due_text,
        regexp_extract_all(due_words, '\b[a-z]+\b\.?\s*(?:(?:20)?\d{2}\b|-|/|&|to\b|and\b|or\b)') as found_words,
        unnest(found_words) as words,
        generate_subscripts(found_words, 1) as position
    from due
    where whole_date is null
),

dated_words as (
    select
        found.due_text,
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
        partition by due_text
        order by position
        rows between current row and unbounded following
    )
),

spans as (
    select
        due_text,
        min(make_date(full_year, first_month, 1)) as first_day,
        max(make_date(full_year, first_month, 1) + to_months(months)) as day_after
    from with_years
    where full_year is not null
    group by due_text
)

select
    due.due_text,
    coalesce(due.whole_date, spans.first_day) as due_from,
    coalesce(
        due.whole_date,
        case
            when not regexp_matches(due.due_words, '\bon[ -]?going\b|\bonwards\b')
                then cast(spans.day_after - interval 1 day as date)
        end
    ) as due_to
from due
left join spans using (due_text)
