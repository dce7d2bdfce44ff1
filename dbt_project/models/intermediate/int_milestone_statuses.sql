-- How a milestone stands, where its own words leave no doubt. 'May be delayed' is no delay yet.
{%- set subject = '(?:this|the) (?:project|action|milestone)' %}
{%- set anybody = '(?:we|it|this|work|(?:this|the) (?:project|action|milestone|programme|work))' %}

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
            or regexp_matches(words, '^completed? (?:early|on (?:time|schedule)|as planned)\b')
            or regexp_matches(words, '\b{{ subject }} (?:was|is|is now|has been) completed?\b')
            or (
                regexp_matches(milestone_words, '\bcompleted?$')
                and (
                    regexp_matches(words, '^[^.,;]* (?:is now|has been|is) completed?[.;]')
                    or (
                        regexp_matches(words, '^(?:the )?\w+(?: (?:phase|process|stage))? completed?[.;]')
                        and list_contains(
                            string_split_regex(milestone_words, '\W+'), regexp_extract(words, '^(?:the )?(\w+)', 1)
                        )
                    )
                )
            )
            then 'complete'
        when
            regexp_matches(
                words,
                '\bbehind schedule\b|\bdelay notice\b|\bnotice of (?:a )?delay\b|^delay(?:s|ed)?\b|^late[.,;:]'
            )
            or regexp_matches(words, '\b{{ subject }} (?:is|has been) delayed\b')
            then 'delayed'
        when regexp_matches(words, '\bon hold\b') then 'on_hold'
        when
            regexp_matches(words, '\b{{ anybody }} (?:is|are|remains?) on (?:track|target|schedule)\b')
            or regexp_matches(words, '(?:^|[;,] )on (?:track|target|schedule)(?:$|[.,;]| for\b| to\b)')
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
