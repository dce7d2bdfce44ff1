select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    lines.section,
    lines.line,
    lines.row_type as line_type,
    lines.fiscal_year,
    lines.amount_gbp,
    lines.submission_id,
    lines.sheet,
    {{ cells_of({'section': 'section', 'line': 'line', 'fiscal_year': 'fiscal_year', 'amount_gbp': 'value'}) }} as cells
from {{ ref('stg_budget_line') }} as lines
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where lines.closes_quarter
