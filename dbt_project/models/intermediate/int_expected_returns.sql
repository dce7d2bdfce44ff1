-- An open-ended return is owed to the end of the quarter we are in: its coming months keep that quarter provisional.
with owed as (
    select
        organisation_code,
        feed,
        return_id,
        due_days,
        {{ first_day('first_period') }} as first_month,
        coalesce({{ first_day('last_period') }}, {{ quarter_start('current_date') }} + interval 2 month) as last_month,
        case frequency
            when 'monthly' then interval 1 month
            when 'quarterly' then interval 3 month
            when 'annual' then interval 12 month
        end as step
    from {{ ref('expected_returns') }}
),

months as (
    select
        organisation_code,
        feed,
        return_id,
        due_days,
        cast(unnest(generate_series(first_month, last_month, step)) as date) as month_start
    from owed
)

select
    organisation_code,
    feed,
    return_id,
    strftime(month_start, '%Y-%m') as reporting_period,
    {{ fiscal_quarter('month_start') }} as quarter,
    {{ quarter_start('month_start') }} as quarter_start,
    cast(month_start + interval 1 month + to_days(due_days - 1) as date) as due_on
from months
