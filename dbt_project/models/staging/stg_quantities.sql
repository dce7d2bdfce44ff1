-- Every number of every record in one shape, for whatever compares or adds up numbers of different tables; of
-- organisations that a cross-check names, for rows of others are passed over before anything is worked out of them.
{#- Of each record: what its columns say of a number. `fields` are its quantities; where the record has no `measure`,
    the quantity's own name is one. -#}
{%- set records = {
    'project_status': {
        'topic': 'portfolio', 'part': 'programme', 'item': 'coalesce(project, portfolio)', 'period': "'total'",
        'fields': ['target', 'at_risk', 'delivered_alternatively', 'net_at_risk']
    },
    'programme_status': {
        'topic': 'portfolio', 'part': 'programme_code', 'item': 'programme', 'period': "'total'",
        'fields': ['target', 'at_risk', 'delivered_alternatively', 'net_at_risk']
    },
    'project_delivery': {
        'topic': 'portfolio', 'part': 'category', 'item': 'project',
        'fields': ['year_baseline', 'year_forecast', 'year_variance', 'whole_life_cost', 'benefits']
    },
    'savings': {'topic': 'portfolio', 'item': 'component', 'measure': 'measure', 'period': 'savings_year'},
    'indicator': {
        'topic': 'indicator_group', 'part': 'audience', 'item': 'indicator_code', 'measure': 'measure',
        'period': 'fiscal_quarter'
    },
    'tally': {'item': 'subject', 'measure': 'state'},
    'score': {'topic': 'subject', 'item': 'item', 'fields': ['value', 'maximum']},
    'agency': {'measure': 'measure', 'period': 'month'},
    'establishment': {'item': 'service', 'measure': 'measure'},
    'workforce_indicator': {
        'topic': 'topic', 'part': 'subject', 'item': 'indicator', 'period': 'period',
        'fields': ['value', 'numerator', 'denominator']
    },
    'capital_line': {'topic': 'scheme', 'part': 'profile', 'item': 'line', 'period': 'fiscal_year'},
    'budget_line': {'topic': 'section', 'item': 'line', 'period': 'fiscal_year'},
    'dashboard_measure': {'item': 'measure'},
    'figure': {'topic': 'topic', 'part': 'place', 'item': 'item', 'measure': 'figure', 'period': 'period'},
    'staffing_proposal': {
        'part': 'reference', 'item': 'proposal', 'period': 'fiscal_year', 'fields': ['fte', 'vacant_fte', 'value']
    }
} %}

with compared_organisations as (
    select distinct organisation_code
    from {{ ref('cross_check_terms') }}
),

{% for record in records -%}
    {{ record }}_rows as (
        select *
        from ({{ current_rows(record) }})
        where organisation_code in (select compared_organisations.organisation_code from compared_organisations)
    ),

{% endfor -%}
quantities as (
    {%- for record, names in records.items() %}
        {%- set last_record = loop.last %}
        {%- for field in names.get('fields', ['value']) %}
            select
                organisation_code,
                submission_id,
                quarter,
                quarter_start,
                closes_quarter,
                '{{ record }}' as record,
                table_name,
                row_type,
                {{ names.get('topic', 'null') }} as topic,
                {{ names.get('part', 'null') }} as part,
                {{ names.get('item', 'null') }} as item,
                {{ names.get('measure', "'" ~ field ~ "'") }} as measure,
                {{ names.get('period', 'null') }} as period,
                {{ figure(field) }} as value,
                {{ field }}_unit as unit,
                {{ field }}_scale as multiplier,
                {{ half_unit(field) }} as half_unit,
                sheet,
                {{ address("cells ->> '" ~ field ~ "'") }} as cell,
                cells ->> '{{ field }}_part' as cell_part
            from {{ record }}_rows
            where {{ field }} is not null
            {%- if not (last_record and loop.last) %}

                union all
            {% endif %}
        {%- endfor %}
    {%- endfor %}
)

-- '2018/19' and 'Q2 2018/19' as '2018-19' and '2018-19 Q2'.
select
    * replace (
        regexp_replace(
            regexp_replace(period, '^(Q[1-4]) (20\d\d/\d\d)$', '\2 \1'), '^(20\d\d)/(\d\d)\b', '\1-\2'
        ) as period
    )
from quantities
