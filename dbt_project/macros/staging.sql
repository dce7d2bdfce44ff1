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

{# Where a row comes from: the columns that every staging model of a record starts with. `cells` becomes whole
   addresses, `places` is what it was. #}
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
    cells as places,
    {{ whole_addresses('cells', 'source_row') }} as cells
{%- endmacro %}

{# A cell of a raw row as a whole address: where only the column's letters are given, the row is the source row. #}
{% macro address(cell) -%}
    case when regexp_full_match({{ cell }}, '[A-Z]+') then ({{ cell }}) || source_row else {{ cell }} end
{%- endmacro %}

{# The cells of a raw row with whole addresses. As one replacement in their text: taking every row's JSON apart and putting
   it together again would cost more than all the rest of staging. What comes first is worked out once for each text. #}
{% macro whole_addresses(cells, row) -%}
    replace(regexp_replace({{ cells }}, ':\s*"([A-Z]+)"', ':"\1' || chr(1) || '"', 'g'), chr(1), cast({{ row }} as varchar))
{%- endmacro %}
