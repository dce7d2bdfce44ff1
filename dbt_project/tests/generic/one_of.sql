{# Rows whose word is not one of these; blank passes. #}
{% test one_of(model, column_name, values) %}
select *
from {{ model }}
where {{ column_name }} not in ({% for value in values %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
{% endtest %}
