{# The fiscal calendar: years start on 1 April, so a quarter starts when a calendar quarter does. #}

{# The first day of a reporting period such as '2018-09'. #}
{% macro first_day(period) -%}
    cast({{ period }} || '-01' as date)
{%- endmacro %}

{# The fiscal quarter of a date: 2018-09-01 lies in '2018-19 Q2'. Shifted by three months, fiscal years are calendar years. #}
{% macro fiscal_quarter(day) -%}
    strftime({{ day }} - interval 3 month, '%Y') || '-'
    || strftime({{ day }} + interval 9 month, '%y') || ' Q' || quarter({{ day }} - interval 3 month)
{%- endmacro %}

{# The first day of the fiscal quarter of a date. #}
{% macro quarter_start(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}

{# The first day of a fiscal quarter given by name: '2018-19 Q2' starts on 2018-07-01. #}
{% macro quarter_start_of(quarter) -%}
    cast(
        make_date(try_cast(left({{ quarter }}, 4) as integer), 4, 1)
        + to_months(3 * (try_cast(right({{ quarter }}, 1) as integer) - 1)) as date
    )
{%- endmacro %}
