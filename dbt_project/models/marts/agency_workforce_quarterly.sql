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
        cast(sum(assignments_filled) as bigint) as assignments_filled,
        -- A month that gives only one of the two would distort the rate.
        sum(shifts_filled) filter (where shifts_unfilled is not null) as filled_of_whole_months,
        sum(shifts_unfilled) filter (where shifts_filled is not null) as unfilled_of_whole_months
    from {{ ref('agency_workforce') }}
    group by organisation_code, organisation, quarter, quarter_start, data_status, measured_quarter
)

select
    * exclude (filled_of_whole_months, unfilled_of_whole_months),
    try_cast(
        100 * filled_of_whole_months / nullif(filled_of_whole_months + unfilled_of_whole_months, 0) as decimal(18, 2)
    ) as fill_rate_percent
from sums
