select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    portfolio,
    count(*) as projects,
    try_cast(sum(target_gbp) as decimal(18, 2)) as target_gbp,
    try_cast(sum(at_risk_gbp) as decimal(18, 2)) as at_risk_gbp,
    try_cast(sum(delivered_alternatively_gbp) as decimal(18, 2)) as delivered_alternatively_gbp,
    try_cast(sum(net_at_risk_gbp) as decimal(18, 2)) as net_at_risk_gbp,
    count(*) filter (where rag = 'green') as projects_green,
    count(*) filter (where rag = 'amber') as projects_amber,
    count(*) filter (where rag = 'amber_red') as projects_amber_red,
    count(*) filter (where rag = 'red') as projects_red,
    count(*) filter (where rag = 'complete') as projects_complete,
    count(*) filter (where rag = 'not_rated') as projects_not_rated
from {{ ref('project_status') }}
group by organisation_code, organisation, quarter, quarter_start, data_status, portfolio
