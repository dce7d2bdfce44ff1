-- Portfolios whose sums are not those of the project rows as staged, before anything was joined to them.
with project_rows as (
    select
        organisation_code,
        quarter,
        portfolio,
        count(*) as projects,
        sum(target_gbp) as target_gbp,
        sum(at_risk_gbp) as at_risk_gbp,
        sum(delivered_alternatively_gbp) as delivered_alternatively_gbp,
        sum(net_at_risk_gbp) as net_at_risk_gbp
    from {{ ref('stg_project_status') }}
    where closes_quarter and row_type = 'detail'
    group by organisation_code, quarter, portfolio
)

select
    coalesce(portfolios.organisation_code, project_rows.organisation_code) as organisation_code,
    coalesce(portfolios.quarter, project_rows.quarter) as quarter,
    coalesce(portfolios.portfolio, project_rows.portfolio) as portfolio
from {{ ref('portfolio_savings') }} as portfolios
full outer join project_rows
    on
        portfolios.organisation_code = project_rows.organisation_code
        and portfolios.quarter = project_rows.quarter
        and portfolios.portfolio is not distinct from project_rows.portfolio
where
    portfolios.projects is distinct from project_rows.projects
    or portfolios.target_gbp is distinct from project_rows.target_gbp
    or portfolios.at_risk_gbp is distinct from project_rows.at_risk_gbp
    or portfolios.delivered_alternatively_gbp is distinct from project_rows.delivered_alternatively_gbp
    or portfolios.net_at_risk_gbp is distinct from project_rows.net_at_risk_gbp
