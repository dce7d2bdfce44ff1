-- Each milestone beside what earlier returns of the organisation said of the same one.
with dated as (
    select
        milestones.*,
        dates.due_from,
        dates.due_to
    from {{ ref('stg_milestone') }} as milestones
    left join {{ ref('int_due_texts') }} as dates using (due_text)
    where milestones.closes_quarter
),

beside_earlier as (
    select
        *,
        coalesce(first_value(due_to ignore nulls) over earlier, due_to) as due_original,
        last_value(due_to) over earlier as due_previous
    from dated
    window earlier as (
        partition by
            organisation_code,
            {{ match_key('portfolio') }},
            {{ match_key('programme_code') }},
            {{ match_key('programme') }},
            {{ match_key('project') }},
            {{ match_key('milestone') }}
        order by quarter_start
        range between unbounded preceding and interval 1 day preceding
    )
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    milestones.portfolio,
    milestones.programme_code,
    milestones.programme,
    milestones.project,
    milestones.milestone,
    milestones.due_text,
    milestones.due_from,
    milestones.due_to,
    milestones.due_original,
    milestones.due_previous,
    date_diff('day', milestones.due_original, milestones.due_to) as due_moved_days,
    statuses.status,
    milestones.commentary,
    milestones.submission_id,
    milestones.sheet,
    {{ cells_of({
        'portfolio': 'portfolio',
        'programme_code': 'programme_code',
        'programme': 'programme',
        'project': 'project',
        'milestone': 'milestone',
        'due_text': 'due',
        'commentary': 'commentary'
    }) }} as cells
from beside_earlier as milestones
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
inner join {{ ref('int_milestone_statuses') }} as statuses using (submission_id, table_name, source_row)
