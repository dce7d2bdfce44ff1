select
    submission_id,
    organisation_code,
    feed,
    return_id,
    reporting_period,
    {{ fiscal_quarter(first_day('reporting_period')) }} as quarter,
    {{ quarter_start(first_day('reporting_period')) }} as quarter_start,
    sequence,
    restates,
    status,
    status = 'accepted' as accepted,
    case
        when status in ('superseded', 'withdrawn') then released_by
        when status = 'accepted' then nullif(
            arg_max(submission_id, sequence) filter (where status = 'accepted') over (
                partition by organisation_code, return_id, reporting_period
            ),
            submission_id
        )
    end as replaced_by,
    timezone('UTC', cast(received_at as timestamptz)) as received_at,
    sha256,
    file_name,
    size_bytes,
    layout,
    rows_loaded
from {{ source('raw', 'submissions') }}
