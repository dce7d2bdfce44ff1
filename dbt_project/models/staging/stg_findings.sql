select
    findings.stage,
    findings.submission_id,
    submissions.return_id,
    submissions.reporting_period,
    submissions.replaced_by,
    findings.severity,
    findings.responsibility,
    findings.dimension,
    findings.rule,
    findings.sheet,
    findings.cell,
    findings.message,
    findings.remedy,
    coalesce(findings.organisation_code, submissions.organisation_code) as organisation_code,
    coalesce(findings.quarter, submissions.quarter) as quarter,
    coalesce(findings.file_name, submissions.file_name) as file_name
from {{ source('raw', 'findings') }} as findings
left join {{ ref('stg_submissions') }} as submissions using (submission_id)
