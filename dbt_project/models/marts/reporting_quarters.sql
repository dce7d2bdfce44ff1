select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    quarter_end,
    fiscal_year,
    data_status,
    expected_returns,
    expected_returns_accepted,
    missing_returns,
    final_at,
    last_accepted_at
from {{ ref('int_reporting_quarters') }}
