{# A raw quantity F in its unit: F times F_scale, which also carries the sign. Wide, so that no product overflows. #}
{% macro scaled(field) -%}
    cast({{ field }} as decimal(32, 6)) * {{ field }}_scale
{%- endmacro %}

{# A raw quantity as a figure with four decimals. #}
{% macro figure(field) -%}
    try_cast({{ scaled(field) }} as decimal(18, 4))
{%- endmacro %}

{# A raw quantity as pounds and pence; NULL where it is no money or too large to be any (test figures_lost tells). #}
{% macro money(field) -%}
    case when {{ field }}_unit = 'gbp' then try_cast({{ scaled(field) }} as decimal(18, 2)) end
{%- endmacro %}
