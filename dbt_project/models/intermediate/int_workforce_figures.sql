-- A quarter's returns may tell of a period more than once: the last of them counts.
select *
from {{ ref('stg_workforce_indicator') }}
where row_type in ('detail', 'aggregate')
qualify
    reporting_period = max(reporting_period) over (
        partition by organisation_code, quarter, return_id, table_name, topic, indicator, subject_code, period
    )
