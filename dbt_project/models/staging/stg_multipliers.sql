-- What the numbers of each column of a sheet were multiplied with, whatever record they were read for.
{%- set quantities = {
    'project_status': ['target', 'at_risk', 'delivered_alternatively', 'net_at_risk'],
    'project_delivery': ['year_baseline', 'year_forecast', 'year_variance', 'whole_life_cost', 'benefits'],
    'savings': ['value'],
    'programme_status': ['target', 'at_risk', 'delivered_alternatively', 'net_at_risk'],
    'indicator': ['value'],
    'tally': ['value'],
    'score': ['value', 'maximum'],
    'agency': ['value'],
    'establishment': ['value'],
    'workforce_indicator': ['value', 'numerator', 'denominator'],
    'capital_line': ['value'],
    'budget_line': ['value'],
    'dashboard_measure': ['value'],
    'figure': ['value'],
    'staffing_proposal': ['fte', 'vacant_fte', 'value'],
} %}

with quantities as (
    {%- for record, fields in quantities.items() %}
        {%- set last_record = loop.last %}
        {%- for field in fields %}
            select
                submission_id,
                sheet,
                {{ field }}_unit as unit,
                {{ field }}_scale as multiplier,
                regexp_extract(cells ->> '{{ field }}', '^[A-Z]+') as sheet_column
            from {{ source('raw', record) }}
            where {{ field }} is not null
            {%- if not (last_record and loop.last) %}

                union distinct

            {% endif %}
        {%- endfor %}
    {%- endfor %}
)

select
    submission_id,
    submissions.organisation_code,
    submissions.quarter,
    quantities.sheet,
    quantities.unit,
    quantities.multiplier,
    quantities.sheet_column
from quantities
inner join {{ ref('stg_current_submissions') }} as submissions using (submission_id)
