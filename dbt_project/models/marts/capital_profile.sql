-- The original profile is the one that says so.
with lines as (
    select *
    from {{ ref('stg_capital_line') }}
    where closes_quarter
),

originals as (
    select
        submission_id,
        scheme,
        line,
        fiscal_year,
        amount_gbp
    from lines
    where starts_with(lower(profile), 'original')
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    lines.scheme,
    lines.line,
    lines.row_type,
    lines.profile,
    lines.fiscal_year,
    lines.amount_gbp,
    try_cast(lines.amount_gbp - originals.amount_gbp as decimal(18, 2)) as change_from_original_gbp,
    lines.submission_id,
    lines.sheet,
    {{ cells_of({
        'line': 'line',
        'profile': 'profile',
        'fiscal_year': 'fiscal_year',
        'amount_gbp': 'value'
    }, of='lines.') }} as cells
from lines
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
left join originals
    on
        lines.submission_id = originals.submission_id
        and lines.scheme is not distinct from originals.scheme
        and lines.line = originals.line
        and lines.fiscal_year = originals.fiscal_year
