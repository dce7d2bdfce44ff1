with tallies as (
    select
        organisation_code,
        quarter,
        cast(sum(items) filter (where row_type = 'detail') as bigint) as milestones,
        cast(sum(items) filter (where state = 'completed') as bigint) as completed
    from {{ ref('stg_tally') }}
    where closes_quarter and subject = 'milestones'
    group by organisation_code, quarter
),

reported as (
    select
        organisation_code,
        quarter,
        cast(max(printed_value) as decimal(18, 2)) as delivered_percent
    from {{ ref('int_cross_checks') }}
    where derives = 'milestone_delivery'
    group by organisation_code, quarter
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    tallies.milestones,
    tallies.completed,
    reported.delivered_percent as delivered_percent_reported,
    try_cast(100 * tallies.completed / nullif(tallies.milestones, 0) as decimal(18, 2)) as delivered_percent_recomputed
from tallies
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
left join reported using (organisation_code, quarter)
