-- What the numbers of each column of a sheet were multiplied with, whatever record they were read for. A column whose
-- numbers have several units or multipliers is told cell by cell.
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
                {{ address("cells ->> '" ~ field ~ "'") }} as cell
            from {{ source('raw', record) }}
            where {{ field }} is not null
            {%- if not (last_record and loop.last) %}

                union distinct

            {% endif %}
        {%- endfor %}
    {%- endfor %}
),

placed as (
    select
        *,
        regexp_extract(cell, '^[A-Z]+') as letters,
        cast(regexp_extract(cell, '[0-9]+$') as integer) as row_of_cell,
        min((unit, multiplier)) over one_column < max((unit, multiplier)) over one_column as is_mixed
    from quantities
    window one_column as (partition by submission_id, sheet, letters)
),

runs as (
    select
        *,
        case
            when is_mixed then row_of_cell - row_number() over (
                partition by submission_id, sheet, letters, unit, multiplier
                order by row_of_cell
            )
        end as run
    from placed
),

places as (
    select
        submission_id,
        sheet,
        unit,
        multiplier,
        letters,
        min(row_of_cell) as first_row,
        case
            when not is_mixed then letters
            when count(*) = 1 then letters || min(row_of_cell)
            else letters || min(row_of_cell) || ':' || letters || max(row_of_cell)
        end as place
    from runs
    group by submission_id, sheet, unit, multiplier, letters, is_mixed, run
)

select
    places.submission_id,
    submissions.organisation_code,
    submissions.quarter,
    places.sheet,
    places.unit,
    places.multiplier,
    places.letters,
    places.first_row,
    places.place
from places
inner join {{ ref('stg_current_submissions') }} as submissions using (submission_id)
