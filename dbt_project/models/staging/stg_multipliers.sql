-- What the numbers of each column of a sheet were multiplied with, whatever record they were read for. A column whose
-- numbers have several units or multipliers is told cell by cell. Rows of one sheet mostly have the same places: their
-- JSON is taken apart once for each of these, and only sheets with a mixed column are read row by row.
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

with in_one_place as (
    {%- for record, fields in quantities.items() %}
        {%- set last_record = loop.last %}
        {%- for field in fields %}
            select
                submission_id,
                sheet,
                {{ field }}_unit as unit,
                {{ field }}_scale as multiplier,
                cells,
                '{{ field }}' as field,
                min(source_row) as first_row
            from {{ source('raw', record) }}
            where {{ field }} is not null
            group by submission_id, sheet, unit, multiplier, cells
            {%- if not (last_record and loop.last) %}

                union all

            {% endif %}
        {%- endfor %}
    {%- endfor %}
),

addressed as (
    select
        submission_id,
        sheet,
        unit,
        multiplier,
        cells ->> field as cell,
        regexp_extract(cell, '^[A-Z]+') as letters,
        coalesce(try_cast(regexp_extract(cell, '[0-9]+$') as integer), first_row) as row_of_cell
    from in_one_place
),

uses as (
    select
        submission_id,
        sheet,
        letters,
        unit,
        multiplier,
        min(row_of_cell) as first_row
    from addressed
    group by submission_id, sheet, letters, unit, multiplier
),

columns_used as (
    select
        submission_id,
        sheet,
        letters,
        count(*) > 1 as is_mixed,
        any_value({ 'unit': unit, 'multiplier': multiplier, 'first_row': first_row }) as one_use
    from uses
    group by submission_id, sheet, letters
),

mixed as (
    select
        submission_id,
        sheet,
        letters
    from columns_used
    where is_mixed
),

quantities as (
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
            where
                {{ field }} is not null
                and (submission_id, sheet) in (select (mixed.submission_id, mixed.sheet) from mixed)
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
        cast(regexp_extract(cell, '[0-9]+$') as integer) as row_of_cell
    from quantities
),

runs as (
    select
        *,
        row_of_cell - row_number() over (
            partition by submission_id, sheet, letters, unit, multiplier
            order by row_of_cell
        ) as run
    from placed
    where (submission_id, sheet, letters) in (select (mixed.submission_id, mixed.sheet, mixed.letters) from mixed)
),

places as (
    select
        submission_id,
        sheet,
        one_use['unit'] as unit,
        one_use['multiplier'] as multiplier,
        letters,
        one_use['first_row'] as first_row,
        letters as place
    from columns_used
    where not is_mixed

    union all

    select
        submission_id,
        sheet,
        unit,
        multiplier,
        letters,
        min(row_of_cell) as first_row,
        letters || min(row_of_cell)
        || case when count(*) > 1 then ':' || letters || max(row_of_cell) else '' end as place
    from runs
    group by submission_id, sheet, unit, multiplier, letters, run
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
