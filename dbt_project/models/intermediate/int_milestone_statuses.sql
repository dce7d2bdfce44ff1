-- How a milestone stands, where its own words leave no doubt. 'May be delayed' is no delay yet.
{%- set subject = '(?:this|the) (?:project|action|milestone)' %}

with milestones as (
    select
        organisation_code,
        submission_id,
        table_name,
        source_row,
        lower(milestone) as milestone_words,
        lower(due_text) as due_words,
        lower(commentary) as words
    from {{ ref('stg_milestone') }}
)

select
    organisation_code,
    submission_id,
    table_name,
    source_row,
    case
        when
            regexp_full_match(due_words, 'completed?\.?')
            or regexp_full_match(words, 'completed?\.?')
            or regexp_matches(words, '\b{{ subject }} (?:was|is|is now|has been) completed?\b')
            or (
                regexp_matches(milestone_words, '\bcompleted?$')
                and regexp_matches(words, '^[^.,;]* (?:is now|has been|is) completed?\.')
            )
            then 'complete'
        when
            regexp_matches(words, '\bbehind schedule\b|\bdelay notice\b|^delay(?:s|ed)?\b')
            or regexp_matches(words, '\b{{ subject }} (?:is|has been) delayed\b')
            then 'delayed'
        when regexp_matches(words, '\bon hold\b') then 'on_hold'
        when
            regexp_matches(words, '\b(?:is|are|remains?) on (?:track|target|schedule)\b')
            and not regexp_matches(words, '\bnot on (?:track|target|schedule)\b|\brevised timetable\b')
            then 'on_track'
        when
            regexp_matches(
                words,
                '^(?:(?:work|(?:this )?(?:national )?(?:project|pilot)) (?:is )?)?'
                || '(?:in progress|under ?way|on-?going)\b'
            )
            then 'in_progress'
        else 'unknown'
    end as status
from milestones
