-- Portfolios whose sums are not those of the project rows as staged, before anything was joined to them.
{%- set measures = ['target', 'at_risk', 'delivered_alternatively', 'net_at_risk'] %}

with project_rows as (
    select
        organisation_code,
        quarter,
        portfolio,
        count(*) as projects
        {%- for measure in measures %},
            sum({{ measure }}_gbp) as {{ measure }}_gbp
        {%- endfor %}
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
    {%- for measure in measures %}
        or portfolios.{{ measure }}_gbp is distinct from project_rows.{{ measure }}_gbp
    {%- endfor %}
