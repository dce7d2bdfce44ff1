select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    remarks.table_name as source_table,
    remarks.portfolio,
    remarks.programme,
    remarks.project,
    coalesce(listed.project, remarks.project) as listed_project,
    remarks.scale_id,
    coalesce(words.status, remarks.status) as status,
    words.rag,
    remarks.commentary,
    remarks.submission_id,
    remarks.sheet,
    {{ cells_of({
        'portfolio': 'portfolio',
        'programme': 'programme',
        'project': 'project',
        'status': 'status',
        'commentary': 'commentary'
    }, of='remarks.') }} as cells
from {{ ref('stg_commentary') }} as remarks
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
left join {{ ref('int_listed_projects') }} as listed using (submission_id, table_name, source_row)
left join {{ ref('delivery_statuses') }} as words
    on
        remarks.scale_id = words.scale_id
        and {{ normalised('remarks.status') }} = {{ normalised('words.word') }}
where remarks.closes_quarter
