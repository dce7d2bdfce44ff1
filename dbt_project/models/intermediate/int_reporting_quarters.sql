-- A quarter becomes final with its last expected return; where none is expected, with the last return there is.
-- Restating a return after that makes it revised.
with completeness as (
    select
        *,
        coalesce(
            max(first_accepted_at) filter (where expected) over of_quarter,
            max(first_accepted_at) over of_quarter
        ) as complete_at
    from {{ ref('int_returns') }}
    window of_quarter as (partition by organisation_code, quarter)
),

counted as (
    select
        organisation_code,
        quarter,
        quarter_start,
        complete_at,
        count(*) filter (where expected) as expected_returns,
        count(*) filter (where expected and accepted) as expected_returns_accepted,
        count(*) filter (where accepted) as accepted_returns,
        count(*) filter (where last_accepted_at > greatest(first_accepted_at, complete_at)) as restated_since,
        string_agg(return_id || ' ' || reporting_period, ', ' order by return_id, reporting_period)
        filter (where expected and not accepted) as missing_returns,
        max(last_accepted_at) as last_accepted_at
    from completeness
    group by organisation_code, quarter, quarter_start, complete_at
)

select
    counted.organisation_code,
    coalesce(organisations.organisation, counted.organisation_code) as organisation,
    counted.quarter,
    counted.quarter_start,
    cast(counted.quarter_start + interval 3 month - interval 1 day as date) as quarter_end,
    left(counted.quarter, 7) as fiscal_year,
    counted.expected_returns,
    counted.expected_returns_accepted,
    counted.missing_returns,
    case when counted.missing_returns is null then counted.complete_at end as final_at,
    counted.last_accepted_at,
    case
        when counted.missing_returns is not null or counted.accepted_returns = 0 then 'provisional'
        when counted.restated_since > 0 then 'revised'
        else 'final'
    end as data_status
from counted
left join {{ ref('organisations') }} as organisations using (organisation_code)
