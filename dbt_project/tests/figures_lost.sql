-- Figures that stand in a cell and not in staging: no money where money belongs, too large, or a fraction of a count.
{%- set figures = [
    ('project_status', 'target', 'money'),
    ('project_status', 'at_risk', 'money'),
    ('project_status', 'delivered_alternatively', 'money'),
    ('project_status', 'net_at_risk', 'money'),
    ('programme_status', 'target', 'money'),
    ('programme_status', 'at_risk', 'money'),
    ('programme_status', 'delivered_alternatively', 'money'),
    ('programme_status', 'net_at_risk', 'money'),
    ('savings', 'value', 'money'),
    ('capital_line', 'value', 'money'),
    ('budget_line', 'value', 'money'),
    ('staffing_proposal', 'value', 'money'),
    ('staffing_proposal', 'fte', 'figure'),
    ('establishment', 'value', 'figure'),
    ('indicator', 'value', 'figure'),
    ('workforce_indicator', 'value', 'figure'),
    ('dashboard_measure', 'value', 'figure'),
    ('score', 'value', 'figure'),
    ('figure', 'value', 'figure'),
    ('agency', 'value', 'count'),
    ('tally', 'value', 'count'),
] %}

{%- for record, field, kind in figures %}
    select
        organisation_code,
        quarter,
        submission_id,
        sheet,
        source_row,
        '{{ record }}' as record,
        '{{ field }}' as field,
        {{ field }} as value,
        {{ field }}_unit as unit
    from ({{ current_rows(record) }})
    where
        {{ field }} is not null
        and {{ money(field) if kind == 'money' else figure(field) }} is null
        {%- if kind == 'count' %}
            or {{ figure(field) }} % 1 <> 0
        {%- endif %}
    {{ 'union all' if not loop.last }}
{%- endfor %}
