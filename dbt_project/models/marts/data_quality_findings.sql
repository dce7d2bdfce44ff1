{# In a lake a view would name the lake of the part it was built in. #}
{{ config(materialized='table' if target.name == 'ducklake' else 'view') }}

select
    findings.organisation_code,
    coalesce(organisations.organisation, findings.organisation_code) as organisation,
    findings.quarter,
    findings.submission_id,
    left(md5(concat_ws(
        '|',
        findings.stage,
        coalesce(findings.submission_id, findings.organisation_code || ' ' || findings.quarter),
        findings.rule,
        coalesce(findings.sheet, '-'),
        coalesce(findings.cell, '-'),
        findings.message
    )), 16) as finding_id,
    findings.severity,
    findings.responsibility,
    findings.dimension,
    findings.rule,
    findings.stage,
    findings.file_name,
    findings.sheet,
    findings.cell,
    findings.message,
    findings.remedy,
    findings.replaced_by is not null as superseded,
    findings.replaced_by as superseded_by
from {{ ref('stg_findings') }} as findings
left join {{ ref('organisations') }} as organisations using (organisation_code)
qualify row_number() over (partition by finding_id order by findings.severity, findings.remedy) = 1
