{# Rows that share their key with another row, or that lack a column of it that must be filled. #}
{% test unique_key(model, columns, filled=none) %}
select *
from {{ model }}
qualify
    count(*) over (partition by {{ columns | join(', ') }}) > 1
    {%- for column in (filled or columns) %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
