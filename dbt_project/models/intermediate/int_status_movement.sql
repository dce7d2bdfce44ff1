with statuses as (
    select
        submission_id,
        table_name,
        source_row,
        organisation_code,
        quarter,
        quarter_start,
        'project' as subject_type,
        {{ match_key('portfolio') }} || '/' || coalesce(project_code, {{ match_key('project') }}) as subject,
        scale_id,
        status,
        rag,
        status_rank,
        status_rated,
        status_previous,
        status_previous_rank,
        status_previous_rated
    from {{ ref('stg_project_status') }}
    where closes_quarter and row_type = 'detail'

    union all

    select
        submission_id,
        table_name,
        source_row,
        organisation_code,
        quarter,
        quarter_start,
        'programme' as subject_type,
        {{ match_key('portfolio') }} || '/' || coalesce(programme_code, {{ match_key('programme') }}) as subject,
        scale_id,
        status,
        rag,
        status_rank,
        status_rated,
        status_previous,
        status_previous_rank,
        status_previous_rated
    from {{ ref('stg_programme_status') }}
    where closes_quarter and status is not null
),

-- What the return of the quarter before said of the same subject, for returns that print no previous status.
without_previous as (
    select distinct
        organisation_code,
        subject_type,
        subject,
        cast(quarter_start - interval 3 month as date) as quarter_start
    from statuses
    where status_previous is null
),

quarter_before as (
    select
        statuses.organisation_code,
        statuses.subject_type,
        statuses.subject,
        statuses.scale_id,
        statuses.status,
        statuses.status_rank,
        statuses.status_rated,
        cast(statuses.quarter_start + interval 3 month as date) as quarter_start
    from statuses
    semi join without_previous using (organisation_code, subject_type, subject, quarter_start)
    qualify row_number() over (
        partition by statuses.organisation_code, statuses.subject_type, statuses.subject, statuses.quarter_start
        order by statuses.submission_id, statuses.source_row
    ) = 1
),

quarters_with_one_before as (
    select distinct
        organisation_code,
        subject_type,
        cast(quarter_start + interval 3 month as date) as quarter_start
    from statuses
),

compared as (
    select
        statuses.submission_id,
        statuses.table_name,
        statuses.source_row,
        statuses.organisation_code,
        statuses.quarter,
        statuses.scale_id,
        statuses.rag,
        statuses.status_rank,
        statuses.status_rated,
        case
            when statuses.status_previous is not null then 'printed'
            when quarter_before.status is not null then 'previous quarter'
        end as previous_basis,
        coalesce(statuses.status_previous, quarter_before.status) as status_previous,
        case previous_basis
            when 'printed' then statuses.scale_id
            else quarter_before.scale_id
        end as previous_scale_id,
        case previous_basis
            when 'printed' then statuses.status_previous_rank
            else quarter_before.status_rank
        end as previous_rank,
        case previous_basis
            when 'printed' then statuses.status_previous_rated
            else quarter_before.status_rated
        end as previous_rated,
        quarters_with_one_before.quarter_start is not null as reported_before
    from statuses
    left join quarter_before
        on
            statuses.organisation_code = quarter_before.organisation_code
            and statuses.subject_type = quarter_before.subject_type
            and case when statuses.status_previous is null then statuses.subject end = quarter_before.subject
            and statuses.quarter_start = quarter_before.quarter_start
    left join quarters_with_one_before
        on
            statuses.organisation_code = quarters_with_one_before.organisation_code
            and statuses.subject_type = quarters_with_one_before.subject_type
            and statuses.quarter_start = quarters_with_one_before.quarter_start
)

select
    submission_id,
    table_name,
    source_row,
    organisation_code,
    quarter,
    status_previous,
    previous_basis,
    case
        when rag = 'complete' then 'closed'
        when status_previous is null and reported_before then 'new'
        when status_rated and previous_rated and scale_id = previous_scale_id
            then
                case
                    when status_rank < previous_rank then 'improved'
                    when status_rank > previous_rank then 'worsened'
                    else 'same'
                end
        else 'not_comparable'
    end as movement
from compared
