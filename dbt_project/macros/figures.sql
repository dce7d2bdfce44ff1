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

{# Half a unit of a figure's last printed place, in its unit: how far the digits leave it open. A number without decimals
   is whole by nature, unless it is money, a percentage or FTE. A percentage kept as a fraction has the digits of the
   percentage. #}
{% macro half_unit(field) -%}
    case
        when
            {{ field }}_decimals <= 0
            and {{ field }}_unit not in ('gbp', 'fte') and not starts_with({{ field }}_unit, 'percent')
            then 0
        else 0.5 * case when starts_with({{ field }}_unit, 'percent') then 1 else abs({{ field }}_scale) end
            / 10 ^ {{ field }}_decimals
    end
{%- endmacro %}
