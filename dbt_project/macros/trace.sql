{# Where figures stand. In staging, `places` are the cells of a raw row as the loader wrote them, JSON from field to column
   letters or whole address; `cells` has whole addresses. DuckDB works out what depends on `places` alone once for each text
   that the column holds, not for each row, as long as it is a chain of functions of one column and takes no JSON apart. #}

{# Whether the addresses of a row can be read by patterns: none is a part of a cell, and none is quoted. #}
{% macro is_plain(places) -%}
    regexp_extract({{ places }}, '_part"|\\') = ''
{%- endmacro %}

{# The entry of a field, renamed: `"amount_gbp":"C` and chr(1), where the row belongs, and `"`; empty where there is none. #}
{% macro entry(places, field, column) -%}
    regexp_replace(
        regexp_replace(
            regexp_extract({{ places }}, '"{{ field }}":\s*"[^"]*"'),
            '^"{{ field }}":\s*"([A-Z]+)"$',
            '"{{ column }}":"\1' || chr(1) || '"'
        ),
        '^"{{ field }}":\s*',
        '"{{ column }}":'
    )
{%- endmacro %}

{# The cells of a mart's row: JSON from mart column to cell address. `columns` maps mart columns to fields of the record,
   `others` maps mart columns to SQL for addresses that stand elsewhere; `of` is the staging model's alias, with its dot. #}
{% macro cells_of(columns, others={}, of='') -%}
    {%- set fields = columns.values() | list %}
    {%- set places = of ~ 'places' %}
    {%- set found = "json_extract_string(" ~ whole_addresses(places, of ~ 'source_row') ~ ", ['" ~ fields | join("', '")
        ~ "', '" ~ fields | join("_part', '") ~ "_part'])" %}
    {%- set entries_elsewhere %}
        {%- for column, address in others.items() %},
            '"{{ column }}":' || to_json({{ address }})
        {%- endfor %}
    {%- endset %}
    case
        when {{ is_plain(places) }}
            then replace(
                '{' || concat_ws(
                    ','
                    {%- for column, field in columns.items() %},
                    nullif({{ entry(places, field, column) }}, '')
                    {%- endfor %}
                    {{- entries_elsewhere }}
                ) || '}',
                chr(1),
                cast({{ of }}source_row as varchar)
            )
        else
            '{' || concat_ws(
                ','
                {%- for column in columns %},
                '"{{ column }}":'
                || to_json({{ found }}[{{ loop.index }}] || coalesce('#' || {{ found }}[{{ loop.index + fields | length }}], ''))
                {%- endfor %}
                {{- entries_elsewhere }}
            ) || '}'
    end
{%- endmacro %}

{# The whole address of a field of a staged row. #}
{% macro place_of(field, of='') -%}
    case
        when {{ is_plain(of ~ 'places') }}
            then nullif(replace(
                regexp_replace(
                    regexp_extract({{ of }}places, '"{{ field }}":\s*"([^"]*)"', 1), '^([A-Z]+)$', '\1' || chr(1)
                ),
                chr(1),
                cast({{ of }}source_row as varchar)
            ), '')
        else {{ of }}cells ->> '{{ field }}'
    end
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
