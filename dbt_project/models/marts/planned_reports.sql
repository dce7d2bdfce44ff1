select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    planned.report,
    planned.due_text,
    due.due_from,
    due.due_to,
    planned.summary,
    planned.lead_officer,
    planned.author,
    planned.submission_id,
    planned.sheet,
    {{ cells_of({
        'report': 'report',
        'due_text': 'due',
        'summary': 'summary',
        'lead_officer': 'lead_officer',
        'author': 'author'
    }) }} as cells
from {{ ref('stg_planned_report') }} as planned
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
left join {{ ref('int_due_texts') }} as due using (due_text)
where planned.closes_quarter
