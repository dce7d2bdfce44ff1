{# The cells of a mart's row: JSON from mart column to cell address. `columns` maps mart columns to fields of the record
   (whose addresses are in `cells`), `others` maps mart columns to SQL for addresses that stand elsewhere. #}
{% macro cells_of(columns, others={}, cells='cells') -%}
    cast(json_merge_patch('{}', json_object(
        {%- for column, field in columns.items() %}
        '{{ column }}', {{ cell_of(field, cells) }}{{ ',' if others or not loop.last }}
        {%- endfor %}
        {%- for column, address in others.items() %}
        '{{ column }}', {{ address }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) as varchar)
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
