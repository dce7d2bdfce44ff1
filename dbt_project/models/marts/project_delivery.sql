-- Each project beside what the return before said of it. Its code stays when its name or its portfolio changes.
with projects as (
    select
        *,
        coalesce(project_code, {{ match_key('portfolio') }} || '/' || {{ match_key('project') }}) as project_key
    from {{ ref('stg_project_delivery') }}
    where closes_quarter and row_type = 'detail'
),

beside_previous as (
    select
        *,
        lag(quarter) over earlier as quarter_previous,
        lag(portfolio) over earlier as portfolio_previous,
        lag(project) over earlier as project_previous,
        lag(assurance_rating) over earlier as assurance_rating_previous,
        lag(owner_rating) over earlier as owner_rating_previous,
        lag(end_date) over earlier as end_date_previous,
        lag(whole_life_cost_gbp) over earlier as whole_life_cost_previous_gbp
    from projects
    window earlier as (
        partition by organisation_code, return_id, table_name, project_key
        order by quarter_start, source_row
    )
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    projects.quarter_previous,
    projects.portfolio,
    projects.portfolio_previous,
    projects.category,
    projects.project_code,
    projects.project,
    projects.project_previous,
    projects.outline,
    projects.scale_id,
    projects.assurance_rating,
    projects.assurance_rating_previous,
    projects.owner_rating,
    projects.owner_rating_previous,
    projects.start_date,
    projects.start_date_token,
    projects.end_date,
    projects.end_date_token,
    projects.end_date_previous,
    date_diff('day', projects.end_date_previous, projects.end_date) as end_date_moved_days,
    projects.year_baseline_gbp,
    projects.year_baseline_token as year_baseline_gbp_token,
    projects.year_forecast_gbp,
    projects.year_forecast_token as year_forecast_gbp_token,
    projects.year_variance_percent,
    projects.year_variance_token as year_variance_percent_token,
    try_cast(
        100 * (projects.year_forecast_gbp - projects.year_baseline_gbp) / nullif(projects.year_baseline_gbp, 0)
        as decimal(18, 4)
    ) as year_variance_recomputed_percent,
    projects.whole_life_cost_gbp,
    projects.whole_life_cost_token as whole_life_cost_gbp_token,
    projects.whole_life_cost_previous_gbp,
    projects.benefits_gbp,
    projects.benefits_token as benefits_gbp_token,
    projects.rating_commentary,
    projects.schedule_commentary,
    projects.year_commentary,
    projects.cost_commentary,
    projects.benefits_commentary,
    projects.submission_id,
    projects.sheet,
    {{ cells_of({
        'portfolio': 'portfolio',
        'category': 'category',
        'project_code': 'project_code',
        'project': 'project',
        'outline': 'outline',
        'start_date': 'start_date',
        'end_date': 'end_date',
        'year_baseline_gbp': 'year_baseline',
        'year_forecast_gbp': 'year_forecast',
        'year_variance_percent': 'year_variance',
        'whole_life_cost_gbp': 'whole_life_cost',
        'benefits_gbp': 'benefits',
        'rating_commentary': 'rating_commentary',
        'schedule_commentary': 'schedule_commentary',
        'year_commentary': 'year_commentary',
        'cost_commentary': 'cost_commentary',
        'benefits_commentary': 'benefits_commentary'
    }, {
        'assurance_rating': "coalesce(projects.cells ->> 'assurance_rating', projects.cells ->> 'assurance_rating_token')",
        'owner_rating': "coalesce(projects.cells ->> 'owner_rating', projects.cells ->> 'owner_rating_token')"
    }, 'projects.') }} as cells
from beside_previous as projects
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
