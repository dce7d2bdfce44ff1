with source_rows as (
    {{ current_rows('project_delivery') }}
)

select
    {{ provenance() }},
    source_rows.portfolio,
    source_rows.category,
    source_rows.project_code,
    source_rows.project,
    source_rows.outline,
    source_rows.scale_id,
    assurance.status as assurance_rating,
    assurance.rag as assurance_rag,
    owner.status as owner_rating,
    owner.rag as owner_rag,
    cast(source_rows.start_date as date) as start_date,
    source_rows.start_date_token,
    cast(source_rows.end_date as date) as end_date,
    source_rows.end_date_token,
    {{ money('year_baseline') }} as year_baseline_gbp,
    source_rows.year_baseline_token,
    {{ money('year_forecast') }} as year_forecast_gbp,
    source_rows.year_forecast_token,
    {{ figure('year_variance') }} as year_variance_percent,
    source_rows.year_variance_token,
    {{ money('whole_life_cost') }} as whole_life_cost_gbp,
    source_rows.whole_life_cost_token,
    {{ money('benefits') }} as benefits_gbp,
    source_rows.benefits_token,
    source_rows.rating_commentary,
    source_rows.schedule_commentary,
    source_rows.year_commentary,
    source_rows.cost_commentary,
    source_rows.benefits_commentary
from source_rows
left join {{ ref('delivery_statuses') }} as assurance
    on
        source_rows.scale_id = assurance.scale_id
        and {{ normalised('coalesce(source_rows.assurance_rating, source_rows.assurance_rating_token)') }}
        = {{ normalised('assurance.word') }}
left join {{ ref('delivery_statuses') }} as owner
    on
        source_rows.scale_id = owner.scale_id
        and {{ normalised('coalesce(source_rows.owner_rating, source_rows.owner_rating_token)') }}
        = {{ normalised('owner.word') }}
