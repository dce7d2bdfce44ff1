{# The cells of a mart's row: JSON from mart column to cell address. `columns` maps mart columns to fields of the record
   (whose addresses are in `cells`), `others` maps mart columns to SQL for addresses that stand elsewhere. One call takes
   a row's JSON apart for all the columns, which `->>` would do for each. #}
{% macro cells_of(columns, others={}, cells='cells') -%}
    {%- set fields = columns.values() | list %}
    {%- set found = "json_extract_string(" ~ cells ~ ", ['" ~ fields | join("', '") ~ "', '"
        ~ fields | join("_part', '") ~ "_part'])" %}
    '{' || concat_ws(
        ','
        {%- for column in columns %}
        {%- set address = found ~ "[" ~ loop.index ~ "]" %}
        {%- set part = found ~ "[" ~ (loop.index + fields | length) ~ "]" %},
        '"{{ column }}":' || to_json({{ address }} || coalesce('#' || {{ part }}, ''))
        {%- endfor %}
        {%- for column, address in others.items() %},
        '"{{ column }}":' || case when {{ address }} is not null then to_json({{ address }}) end
        {%- endfor %}
    ) || '}'
{%- endmacro %}

{# The address of a field; `E22#2` where its figure is the second of the numbers in the cell. #}
{% macro cell_of(field, cells='cells') -%}
    ({{ cells }} ->> '{{ field }}') || coalesce('#' || ({{ cells }} ->> '{{ field }}_part'), '')
{%- endmacro %}

{# The cells of a row made of several source rows, one for each measure: JSON from measure to the address of its value. #}
{% macro cells_by_measure(measure='measure') -%}
    cast(to_json(map_from_entries(
        list({'measure': {{ measure }}, 'address': {{ cell_of('value') }}} order by {{ measure }})
    )) as varchar)
{%- endmacro %}
