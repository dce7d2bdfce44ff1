-- A rate of a quarter is not the mean of three rates: it is worked out from what each month's rate is worked out from.
with months as (
    select
        *,
        {{ fiscal_quarter('period_end') }} as measured_quarter
    from {{ ref('workforce_indicators') }}
    where
        unit = 'percent' and numerator is not null and denominator is not null
        and regexp_full_match(period, '[0-9]{4}-[0-9]{2}')
),

sums as (
    select
        organisation_code,
        organisation,
        quarter,
        quarter_start,
        data_status,
        measured_quarter,
        subject_code,
        arg_max(subject, period) as subject,
        arg_max(subject_type, period) as subject_type,
        arg_max(subject_group, period) as subject_group,
        bool_or(is_aggregate) as is_aggregate,
        topic,
        indicator,
        count(*) as months,
        min(period) as first_month,
        max(period) as last_month,
        try_cast(sum(numerator) as decimal(18, 6)) as numerator,
        try_cast(sum(denominator) as decimal(18, 6)) as denominator
    from months
    group by
        organisation_code, organisation, quarter, quarter_start, data_status, measured_quarter, subject_code, topic,
        indicator
)

select
    *,
    try_cast(100 * numerator / nullif(denominator, 0) as decimal(18, 4)) as value,
    'percent' as unit
from sums
