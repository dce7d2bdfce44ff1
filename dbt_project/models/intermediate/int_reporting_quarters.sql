-- A quarter becomes final with its last expected return; where none is expected, with the last return there is.
with counted as (
    select
        organisation_code,
        quarter,
        quarter_start,
        count(*) filter (where expected) as expected_returns,
        count(*) filter (where expected and accepted) as expected_returns_accepted,
        count(*) filter (where accepted) as accepted_returns,
        string_agg(return_id || ' ' || reporting_period, ', ' order by return_id, reporting_period)
            filter (where expected and not accepted) as missing_returns,
        coalesce(max(first_accepted_at) filter (where expected), max(first_accepted_at)) as complete_at,
        max(last_accepted_at) as last_accepted_at
    from {{ ref('int_returns') }}
    group by organisation_code, quarter, quarter_start
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
        when counted.last_accepted_at > counted.complete_at then 'revised'
        else 'final'
    end as data_status
from counted
left join {{ ref('organisations') }} as organisations using (organisation_code)
