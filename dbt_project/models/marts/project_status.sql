-- Cells are worked out before rows are joined to their movements: of rows that a join keeps, each for itself.
with projects as (
    select
        projects.*,
        coalesce(projects.commentary, remarks.commentary) as commentary_anywhere,
        {{ cells_of({
            'portfolio': 'portfolio',
            'programme': 'programme',
            'project_code': 'project_code',
            'project': 'project',
            'status': 'status',
            'status_previous': 'status_previous',
            'target_gbp': 'target',
            'at_risk_gbp': 'at_risk',
            'delivered_alternatively_gbp': 'delivered_alternatively',
            'net_at_risk_gbp': 'net_at_risk'
        }, {
            'commentary': "coalesce(" ~ place_of('commentary', 'projects.') ~ ", remarks.commentary_cell)"
        }, 'projects.') }} as cells_of_mart
    from {{ ref('stg_project_status') }} as projects
    left join {{ ref('int_project_remarks') }} as remarks
        on
            projects.submission_id = remarks.submission_id
            and {{ match_key('projects.portfolio') }} = remarks.portfolio_key
            and {{ match_key('projects.project') }} = remarks.project_key
    where projects.closes_quarter and projects.row_type = 'detail'
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    projects.portfolio,
    projects.programme,
    projects.project_code,
    projects.project,
    projects.scale_id,
    projects.status,
    movements.status_previous,
    movements.previous_basis as status_previous_basis,
    projects.rag,
    movements.movement,
    projects.target_gbp,
    projects.at_risk_gbp,
    projects.delivered_alternatively_gbp,
    projects.net_at_risk_gbp,
    projects.commentary_anywhere as commentary,
    projects.submission_id,
    projects.sheet,
    projects.cells_of_mart as cells
from projects
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
inner join {{ ref('int_status_movement') }} as movements using (submission_id, table_name, source_row)
