{# Rows whose value another relation does not have; blank passes. #}
{% test refers_to(model, column_name, to, field) %}
select *
from {{ model }}
where {{ column_name }} is not null and {{ column_name }} not in (select distinct {{ field }} from {{ to }})
{% endtest %}
