with sums as (
    select
        organisation_code,
        organisation,
        quarter,
        quarter_start,
        data_status,
        measured_quarter,
        count(*) as months,
        cast(sum(shifts_filled) as bigint) as shifts_filled,
        cast(sum(shifts_unfilled) as bigint) as shifts_unfilled,
        cast(avg(shift_workers) as decimal(18, 1)) as average_shift_workers,
        cast(sum(assignments_filled) as bigint) as assignments_filled
    from {{ ref('agency_workforce') }}
    group by organisation_code, organisation, quarter, quarter_start, data_status, measured_quarter
)

select
    *,
    try_cast(100 * shifts_filled / nullif(shifts_filled + shifts_unfilled, 0) as decimal(18, 2)) as fill_rate_percent
from sums
