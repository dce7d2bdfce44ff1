select
    checks.submission_id,
    submissions.organisation_code,
    submissions.return_id,
    submissions.reporting_period,
    submissions.quarter,
    checks.rule,
    checks.severity,
    checks.record,
    checks.subject,
    checks.unit,
    checks.verdict,
    checks.sheet,
    checks.printed_cell,
    checks.recomputed_from,
    try_cast(cast(checks.printed_value as decimal(32, 6)) * checks.scale as decimal(18, 4)) as printed_value,
    try_cast(cast(checks.recomputed_value as decimal(32, 6)) * checks.scale as decimal(18, 4)) as recomputed_value,
    try_cast(cast(checks.difference as decimal(32, 6)) * checks.scale as decimal(18, 4)) as difference,
    try_cast(cast(checks.tolerance as decimal(32, 6)) * abs(checks.scale) as decimal(18, 4)) as tolerance
from {{ source('raw', 'arithmetic_checks') }} as checks
inner join {{ ref('stg_current_submissions') }} as submissions using (submission_id)
