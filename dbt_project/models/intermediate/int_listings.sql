-- Things that returns list, counted: each has the value 1, so that a sum counts them. A rank is that of a status.
{#- Of each: the things, the record, the item, the measure and the value. -#}
{%- set countings = [
    ('projects', 'listed', 'project', "'project'", '1'),
    ('projects', 'listed', 'project', "'project with another status'", 'cast(status <> status_previous as integer)'),
    ('projects', 'rank', 'project', "'project'", 'status_rank'),
    ('projects', 'status', 'status', "'project'", '1'),
    ('projects', 'status', 'status', "'project with savings at risk'", 'case when at_risk_gbp > 0 then 1 else 0 end'),
    ('remarks', 'listed', 'listed_project', "'project'", '1'),
    ('remarks', 'rank', 'listed_project', "'project'", 'status_rank'),
    ('remarks', 'status', 'scale_status', "'project'", '1'),
    ('programmes', 'listed', 'programme', "'programme'", '1'),
    ('programmes', 'listed', 'programme', "'programme number'", 'try_cast(programme_code as integer)'),
    ('programmes', 'rank', 'programme', "'programme'", 'status_rank'),
    ('programmes', 'status', 'status', "'programme'", '1'),
    ('milestones', 'listed', 'milestone', "'milestone'", '1'),
    ('milestones', 'listed', 'milestone', "'milestone with progress'", 'case when commentary is null then 0 else 1 end'),
    ('milestones', 'status', 'status', "'milestone'", '1'),
    ('list_items', 'listed', 'item', 'topic', '1'),
    ('reports', 'listed', 'report', "'report'", '1'),
    ('risks', 'listed', 'risk', "'risk'", '1'),
    ('risks', 'status', "initial_rating || ' to ' || residual_rating", "'risk'", '1')
] %}

-- Only of organisations whose figures are compared.
with compared_organisations as (
    select distinct organisation_code
    from {{ ref('cross_check_terms') }}
),

projects as (
    select
        *,
        portfolio as topic,
        programme as part,
        cells ->> 'project' as cell
    from {{ ref('stg_project_status') }}
    where
        closes_quarter
        and row_type = 'detail'
        and organisation_code in (select compared_organisations.organisation_code from compared_organisations)
),

remarks as (
    select
        remarks.*,
        remarks.portfolio as topic,
        remarks.programme as part,
        remarks.cells ->> 'project' as cell,
        coalesce(listed.project, remarks.project) as listed_project,
        coalesce(words.status, remarks.status) as scale_status,
        words.rank as status_rank
    from {{ ref('stg_commentary') }} as remarks
    left join {{ ref('int_listed_projects') }} as listed using (submission_id, table_name, source_row)
    left join {{ ref('delivery_statuses') }} as words
        on
            remarks.scale_id = words.scale_id
            and {{ normalised('remarks.status') }} = {{ normalised('words.word') }}
    where remarks.closes_quarter
),

programmes as (
    select
        *,
        portfolio as topic,
        programme_code as part,
        coalesce(cells ->> 'programme', cells ->> 'programme_code') as cell
    from {{ ref('stg_programme_status') }}
    where closes_quarter
),

milestones as (
    select
        milestones.*,
        milestones.portfolio as topic,
        milestones.programme_code as part,
        milestones.cells ->> 'milestone' as cell,
        statuses.status
    from {{ ref('stg_milestone') }} as milestones
    inner join {{ ref('int_milestone_statuses') }} as statuses using (submission_id, table_name, source_row)
    where milestones.closes_quarter
),

list_items as (
    select
        *,
        reference as part,
        cells ->> 'item' as cell
    from {{ ref('stg_narrative') }}
    where closes_quarter
),

reports as (
    select
        *,
        due_text as topic,
        null as part,
        cells ->> 'report' as cell
    from {{ ref('stg_planned_report') }}
    where closes_quarter
),

risks as (
    select
        *,
        null as topic,
        null as part,
        cells ->> 'risk' as cell
    from {{ ref('stg_risk') }}
    where closes_quarter
)

{% for things, record, item, measure, value in countings -%}
    select
        organisation_code,
        submission_id,
        quarter,
        quarter_start,
        '{{ record }}' as record,
        table_name,
        row_type,
        topic,
        part,
        {{ item }} as item,
        {{ measure }} as measure,
        {{ value }} as value,
        '{{ 'rank' if record == 'rank' else 'count' }}' as unit,
        sheet,
        cell
    from {{ things }}
    where item is not null and value is not null
    {%- if not loop.last %}

        union all

    {% endif %}
{%- endfor %}
