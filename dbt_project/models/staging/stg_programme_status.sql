with source_rows as (
    {{ current_rows('programme_status') }}
)

select
    {{ provenance() }},
    source_rows.portfolio,
    source_rows.programme_code,
    source_rows.programme,
    source_rows.scale_id,
    coalesce(present.status, source_rows.status) as status,
    present.rag,
    present.rank as status_rank,
    coalesce(present.rated, false) as status_rated,
    coalesce(previous.status, source_rows.status_previous) as status_previous,
    previous.rag as rag_previous,
    previous.rank as status_previous_rank,
    coalesce(previous.rated, false) as status_previous_rated,
    {{ money('target') }} as target_gbp,
    {{ money('at_risk') }} as at_risk_gbp,
    {{ money('delivered_alternatively') }} as delivered_alternatively_gbp,
    {{ money('net_at_risk') }} as net_at_risk_gbp,
    source_rows.trend,
    source_rows.outline,
    source_rows.commentary
from source_rows
left join {{ ref('delivery_statuses') }} as present
    on
        source_rows.scale_id = present.scale_id
        and {{ normalised('source_rows.status') }} = {{ normalised('present.word') }}
left join {{ ref('delivery_statuses') }} as previous
    on
        source_rows.scale_id = previous.scale_id
        and {{ normalised('source_rows.status_previous') }} = {{ normalised('previous.word') }}
