-- The newest quarter that each return measures, beside its target and the quarter before.
with newest as (
    select *
    from {{ ref('int_indicator_values') }}
    qualify measured_quarter = max(measured_quarter) over (
        partition by organisation_code, quarter, indicator_code, indicator, audience
    )
),

-- The quarter before as this return prints it, or else as the last return that did.
with_previous as (
    select
        newest.*,
        earlier.actual as previous_actual
    from newest
    left join {{ ref('int_indicator_values') }} as earlier
        on
            newest.organisation_code = earlier.organisation_code
            and newest.quarter_start >= earlier.quarter_start
            and coalesce(newest.indicator_code, newest.indicator) = coalesce(earlier.indicator_code, earlier.indicator)
            and newest.audience is not distinct from earlier.audience
            and {{ quarter_start_of('newest.measured_quarter') }}
            = cast({{ quarter_start_of('earlier.measured_quarter') }} + interval 3 month as date)
    qualify row_number() over (
        partition by
            newest.organisation_code, newest.quarter, newest.indicator_code, newest.indicator, newest.audience
        order by earlier.quarter_start desc
    ) = 1
),

compared as (
    select
        with_previous.*,
        definitions.polarity,
        definitions.unit_label,
        definitions.amber_tolerance_percent,
        -- How far the figure falls short of its target: 0 or less is on or better than the target.
        case definitions.polarity
            when 'higher' then with_previous.target - with_previous.actual
            when 'lower' then with_previous.actual - with_previous.target
        end as shortfall
    from with_previous
    left join {{ ref('indicator_definitions') }} as definitions using (organisation_code, indicator_code)
)

select
    * exclude (shortfall, amber_tolerance_percent),
    try_cast(100 * (actual - target) / nullif(target, 0) as decimal(18, 2)) as variance_percent,
    case
        when shortfall is null then 'not_rated'
        when shortfall <= 0 then 'green'
        when 100 * shortfall <= amber_tolerance_percent * abs(target) then 'amber'
        else 'red'
    end as rag
from compared
