with named as (
    select
        organisation_code,
        indicator_code,
        audience,
        arg_max(indicator_group, quarter_start) as indicator_group,
        arg_max(indicator, quarter_start) as indicator,
        arg_max(unit, quarter_start) as unit
    from {{ ref('int_indicator_ratings') }}
    where indicator_code is not null
    group by organisation_code, indicator_code, audience
)

select
    named.organisation_code,
    coalesce(organisations.organisation, named.organisation_code) as organisation,
    named.indicator_code,
    named.indicator,
    named.audience,
    named.indicator_group,
    named.unit,
    definitions.unit_label,
    definitions.polarity,
    definitions.amber_tolerance_percent,
    definitions.note
from named
left join {{ ref('organisations') }} as organisations using (organisation_code)
left join {{ ref('indicator_definitions') }} as definitions using (organisation_code, indicator_code)
