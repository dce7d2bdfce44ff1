-- A month's return may print a month again that an earlier one of the same quarter printed: the last word counts.
with latest as (
    select *
    from {{ ref('stg_agency') }}
    qualify row_number() over (
        partition by organisation_code, quarter, month, measure
        order by reporting_period desc, submission_id desc, source_row
    ) = 1
),

months as (
    select
        organisation_code,
        quarter,
        month,
        month_start,
        measured_quarter,
        max(value) filter (where measure = 'shifts_filled') as shifts_filled,
        max(value) filter (where measure = 'shifts_unfilled') as shifts_unfilled,
        max(value) filter (where measure = 'shift_workers') as shift_workers,
        max(value) filter (where measure = 'assignments_filled') as assignments_filled,
        max(submission_id) as submission_id,
        max(sheet) as sheet,
        {{ cells_by_measure() }} as cells
    from latest
    group by organisation_code, quarter, month, month_start, measured_quarter
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    months.month,
    months.month_start,
    months.measured_quarter,
    months.shifts_filled,
    months.shifts_unfilled,
    try_cast(
        100 * months.shifts_filled / nullif(months.shifts_filled + months.shifts_unfilled, 0) as decimal(18, 2)
    ) as fill_rate_percent,
    months.shift_workers,
    months.assignments_filled,
    months.submission_id,
    months.sheet,
    months.cells
from months
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
