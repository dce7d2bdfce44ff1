select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    programmes.table_name as source_table,
    programmes.portfolio,
    programmes.programme_code,
    programmes.programme,
    programmes.row_type,
    programmes.scale_id,
    programmes.status,
    movements.status_previous,
    movements.previous_basis as status_previous_basis,
    programmes.rag,
    movements.movement,
    programmes.trend,
    programmes.target_gbp,
    programmes.at_risk_gbp,
    programmes.delivered_alternatively_gbp,
    programmes.net_at_risk_gbp,
    programmes.outline,
    programmes.commentary,
    programmes.submission_id,
    programmes.sheet,
    {{ cells_of({
        'portfolio': 'portfolio',
        'programme_code': 'programme_code',
        'programme': 'programme',
        'status': 'status',
        'status_previous': 'status_previous',
        'trend': 'trend',
        'target_gbp': 'target',
        'at_risk_gbp': 'at_risk',
        'delivered_alternatively_gbp': 'delivered_alternatively',
        'net_at_risk_gbp': 'net_at_risk',
        'outline': 'outline',
        'commentary': 'commentary'
    }) }} as cells
from {{ ref('stg_programme_status') }} as programmes
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
left join {{ ref('int_status_movement') }} as movements using (submission_id, table_name, source_row)
where programmes.closes_quarter
