{# The raw rows of a record that count: those of the latest accepted submission of each return and period. #}
{% macro current_rows(record) -%}
    select
        source_rows.*,
        submissions.feed,
        submissions.return_id,
        submissions.quarter,
        submissions.quarter_start,
        submissions.closes_quarter
    from {{ source('raw', record) }} as source_rows
    inner join {{ ref('stg_current_submissions') }} as submissions using (submission_id)
{%- endmacro %}

{# Where a row comes from: the columns that every staging model of a record starts with. `cells` becomes whole addresses. #}
{% macro provenance() -%}
    submission_id,
    organisation_code,
    feed,
    return_id,
    reporting_period,
    quarter,
    quarter_start,
    closes_quarter,
    table_name,
    sheet,
    block,
    source_row,
    row_type,
    rolls_up_to_row,
    to_json(map_from_entries([
        {
            'field': field,
            'address': {{ address('cells ->> field') }}
        }
        for field in json_keys(cells)
    ])) as cells
{%- endmacro %}

{# A cell of a raw row as a whole address: where only the column's letters are given, the row is the source row. #}
{% macro address(cell) -%}
    case when regexp_full_match({{ cell }}, '[A-Z]+') then ({{ cell }}) || source_row else {{ cell }} end
{%- endmacro %}
