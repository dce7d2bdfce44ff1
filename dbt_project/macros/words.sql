{# A printed word for joining a vocabulary: case and runs of white space do not matter. #}
{% macro normalised(words) -%}
    lower(trim(regexp_replace({{ words }}, '[\s\x{00A0}]+', ' ', 'g')))
{%- endmacro %}

{# A name for matching two tables of one return: only letters and digits matter, 'placements – adults' is 'Placements - Adults'. #}
{% macro match_key(name) -%}
    regexp_replace(lower(coalesce({{ name }}, '')), '[^\p{L}\p{N}]+', '', 'g')
{%- endmacro %}

{# Whether a name is the one that is given: the same letters and digits, or such a beginning where that ends with '…'. #}
{% macro is_named(name, given) -%}
    case
        when ends_with({{ given }}, '…') then starts_with({{ match_key(name) }}, {{ match_key(given) }})
        else {{ match_key(name) }} = {{ match_key(given) }}
    end
{%- endmacro %}
