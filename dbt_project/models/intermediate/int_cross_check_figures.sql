-- Figures that the terms of cross-checks find, in the quarter in which they are compared. `each_*` tell one comparison
-- of a check from another: '' where the check is not made for each value, NULL where the term itself names it.
{%- set dimensions = ['topic', 'item', 'measure', 'period'] %}

select
    terms.organisation_code,
    terms.check_name,
    terms.term,
    terms.role,
    terms.printed_terms,
    terms.aggregate,
    terms.factor,
    {% for dimension in dimensions -%}
        case
            when not list_contains(terms.for_each, '{{ dimension }}') then ''
            when terms.role = 'printed' or terms.{{ dimension }}_key is null then figures.{{ dimension }}_key
        end as each_{{ dimension }},
    {% endfor -%}
    case
        when terms.role = 'printed'
            then concat_ws(
                ' ',
                {% for dimension in dimensions -%}
                    case when list_contains(terms.for_each, '{{ dimension }}') then figures.{{ dimension }} end
                    {{- ',' if not loop.last }}
                {% endfor -%}
            )
    end as each_label,
    cast(figures.quarter_start + to_months(3 * terms.quarters_back) as date) as quarter_start,
    figures.submission_id,
    figures.record,
    figures.table_name,
    figures.topic_key,
    figures.part_key,
    figures.item_key,
    figures.period_key,
    figures.item,
    figures.value,
    figures.unit,
    figures.multiplier,
    coalesce(0.5 / 10 ^ terms.decimals, figures.half_unit, 0) as half_unit,
    figures.sheet,
    figures.cell,
    figures.cell_part
from {{ ref('int_cross_check_terms') }} as terms
inner join {{ ref('int_figures') }} as figures
    on
        terms.organisation_code = figures.organisation_code
        and terms.record = figures.record
        and terms.table_name = figures.table_name
        and coalesce(terms.topic_key = figures.topic_key, true)
        and coalesce(terms.part_key = figures.part_key, true)
        and coalesce(
            case
                when terms.item_goes_on then starts_with(figures.item_key, terms.item_key)
                else terms.item_key = figures.item_key
            end, figures.row_type = 'detail'
        )
        and coalesce(terms.measure_key = figures.measure_key, true)
        and coalesce(
            case terms.period_key
                when 'thisquarter' then {{ match_key('figures.quarter') }}
                when 'previousquarter'
                    then {{ match_key(fiscal_quarter('(figures.quarter_start - interval 3 month)')) }}
                when 'thisyear' then {{ match_key('left(figures.quarter, 7)') }}
                else terms.period_key
            end = figures.period_key, true
        )
