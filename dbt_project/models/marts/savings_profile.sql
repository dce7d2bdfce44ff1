select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    savings.return_id,
    savings.table_name as source_table,
    savings.portfolio,
    savings.component,
    savings.component_type,
    savings.row_type,
    savings.savings_year,
    savings.measure,
    savings.amount_gbp,
    savings.submission_id,
    savings.sheet,
    {{ cells_of({
        'portfolio': 'portfolio',
        'component': 'component',
        'savings_year': 'savings_year',
        'amount_gbp': 'value'
    }) }} as cells
from {{ ref('stg_savings') }} as savings
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where savings.closes_quarter
