select
    organisation_code,
    quarter,
    decision,
    reason
from {{ source('gate', 'decisions') }}
