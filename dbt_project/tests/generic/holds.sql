{# Rows for which a condition is false; where it cannot be told, for a blank, it passes. #}
{% test holds(model, condition) %}
select *
from {{ model }}
where not ({{ condition }})
{% endtest %}
