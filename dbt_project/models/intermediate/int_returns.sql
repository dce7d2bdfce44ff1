with received as (
    select
        organisation_code,
        return_id,
        reporting_period,
        arg_max(feed, sequence) as feed,
        any_value(quarter) as quarter,
        any_value(quarter_start) as quarter_start,
        count(*) as submissions,
        max(submission_id) filter (where accepted) is not null as accepted,
        bool_or(status = 'held') as held,
        arg_max(submission_id, sequence) as latest_submission_id,
        arg_max(submission_id, sequence) filter (where accepted) as accepted_submission_id,
        arg_max(restates, sequence) as restates,
        arg_max(sha256, sequence) as sha256,
        arg_max(file_name, sequence) as file_name,
        arg_max(layout, sequence) as layout,
        max(received_at) as received_at,
        min(received_at) filter (where accepted) as first_accepted_at,
        max(received_at) filter (where accepted) as last_accepted_at
    from {{ ref('stg_submissions') }}
    group by organisation_code, return_id, reporting_period
)

select
    expected.due_on,
    received.latest_submission_id,
    received.accepted_submission_id,
    received.restates,
    received.sha256,
    received.file_name,
    received.layout,
    received.received_at,
    received.first_accepted_at,
    received.last_accepted_at,
    coalesce(received.organisation_code, expected.organisation_code) as organisation_code,
    coalesce(received.return_id, expected.return_id) as return_id,
    coalesce(received.reporting_period, expected.reporting_period) as reporting_period,
    coalesce(received.feed, expected.feed) as feed,
    coalesce(received.quarter, expected.quarter) as quarter,
    coalesce(received.quarter_start, expected.quarter_start) as quarter_start,
    coalesce(received.submissions, 0) as submissions,
    expected.return_id is not null as expected,
    received.return_id is not null as received,
    coalesce(received.accepted, false) as accepted,
    coalesce(received.held, false) as held
from received
full outer join {{ ref('int_expected_returns') }} as expected
    on
        received.organisation_code = expected.organisation_code
        and received.return_id = expected.return_id
        and received.reporting_period = expected.reporting_period
