{# A raw quantity F in its unit, F times F_scale, which also carries the sign, as a decimal type; NULL where it is too large
   for that. Most products fit into 64 bits, where they cost a tenth of what wide ones do. #}
{% macro scaled(field, type) -%}
    case
        when
            abs(cast({{ field }} as double) * cast({{ field }}_scale as double)) < 1e11
            and {{ field }}_scale = cast({{ field }}_scale as bigint)
            then cast(cast({{ field }} as decimal(18, 6)) * cast({{ field }}_scale as decimal(18, 0)) as {{ type }})
        else try_cast(cast({{ field }} as decimal(32, 6)) * {{ field }}_scale as {{ type }})
    end
{%- endmacro %}

{# A raw quantity as a figure with four decimals. #}
{% macro figure(field) -%}
    {{ scaled(field, 'decimal(18, 4)') }}
{%- endmacro %}

{# A raw quantity as pounds and pence; NULL where it is no money or too large to be any (test figures_lost tells). #}
{% macro money(field) -%}
    case when {{ field }}_unit = 'gbp' then {{ scaled(field, 'decimal(18, 2)') }} end
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
