with latest_accepted as (
    select *
    from {{ ref('stg_submissions') }}
    where accepted
    qualify row_number() over (
        partition by organisation_code, return_id, reporting_period
        order by sequence desc
    ) = 1
)

select
    submission_id,
    organisation_code,
    feed,
    return_id,
    reporting_period,
    quarter,
    quarter_start,
    reporting_period
    = max(reporting_period) over (partition by organisation_code, return_id, quarter) as closes_quarter
from latest_accepted
