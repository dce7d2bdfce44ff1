{# Rows that share their key with another row, or that lack a column of it that must be filled. Keys are counted by their
   hashes, and only rows that share one are looked at: windows over whole marts would cost more than making them. #}
{% test unique_key(model, columns, filled=none) %}
{%- set key = columns | join(', ') %}
{%- set lacks = (filled or columns) | join(' is null or ') ~ ' is null' %}
with shared as (
    select hash({{ key }}) as key_hash
    from {{ model }}
    group by key_hash
    having count(*) > 1
)

select *
from {{ model }}
where hash({{ key }}) in (select key_hash from shared) or {{ lacks }}
qualify count(*) over (partition by {{ key }}) > 1 or {{ lacks }}
{% endtest %}
