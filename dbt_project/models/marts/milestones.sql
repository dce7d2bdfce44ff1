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
    dates.due_from,
    dates.due_to,
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
from {{ ref('stg_milestone') }} as milestones
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
inner join {{ ref('int_milestone_statuses') }} as statuses using (submission_id, table_name, source_row)
left join {{ ref('int_due_texts') }} as dates using (due_text)
where milestones.closes_quarter
