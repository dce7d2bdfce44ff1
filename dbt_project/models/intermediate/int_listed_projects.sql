-- The project of the project list that a remark is about, where its table gives it another name than the list.
select
    remarks.organisation_code,
    remarks.submission_id,
    remarks.table_name,
    remarks.source_row,
    any_value(projects.project) as project
from {{ ref('stg_commentary') }} as remarks
inner join {{ ref('project_names') }} as names
    on
        remarks.organisation_code = names.organisation_code
        and remarks.table_name = names.table_name
        and {{ is_named('remarks.project', 'names.printed') }}
inner join {{ ref('stg_project_status') }} as projects
    on
        remarks.organisation_code = projects.organisation_code
        and remarks.quarter = projects.quarter
        and projects.closes_quarter
        and projects.row_type = 'detail'
        and {{ is_named('projects.project', 'names.project') }}
group by remarks.organisation_code, remarks.submission_id, remarks.table_name, remarks.source_row
