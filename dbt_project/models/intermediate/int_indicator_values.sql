-- A month's return may print a quarter again that an earlier month of the same quarter printed: the last word counts.
with latest as (
    select *
    from {{ ref('stg_indicator') }}
    where row_type = 'detail'
    qualify row_number() over (
        partition by organisation_code, quarter, indicator_code, indicator, audience, measured_quarter, measure
        order by reporting_period desc, submission_id desc, source_row
    ) = 1
)

select
    organisation_code,
    quarter,
    quarter_start,
    indicator_code,
    indicator,
    audience,
    measured_quarter,
    any_value(indicator_group) as indicator_group,
    any_value(unit) as unit,
    max(value) filter (where measure = 'actual') as actual,
    max(value) filter (where measure = 'target') as target,
    any_value(footnote) as footnote,
    any_value(commentary) as commentary,
    max(submission_id) as submission_id,
    max(sheet) as sheet,
    {{ cells_by_measure() }} as cells
from latest
group by organisation_code, quarter, quarter_start, indicator_code, indicator, audience, measured_quarter
