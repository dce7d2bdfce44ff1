{# In a lake a view would name the lake of the part it was built in. #}
{{ config(materialized='table' if target.name == 'ducklake' else 'view') }}

select
    returns.organisation_code,
    coalesce(organisations.organisation, returns.organisation_code) as organisation,
    returns.quarter,
    returns.quarter_start,
    returns.feed,
    returns.return_id,
    returns.reporting_period,
    returns.expected,
    returns.due_on,
    returns.received,
    returns.accepted,
    returns.held,
    returns.submissions,
    returns.latest_submission_id,
    returns.accepted_submission_id,
    returns.restates,
    returns.received_at,
    returns.file_name,
    returns.sha256,
    returns.layout,
    decisions.decision as quarter_decision,
    decisions.reason as quarter_decision_reason
from {{ ref('int_returns') }} as returns
left join {{ ref('organisations') }} as organisations using (organisation_code)
left join {{ ref('stg_decisions') }} as decisions using (organisation_code, quarter)
