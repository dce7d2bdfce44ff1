-- The figures of the tables that cross-checks name, with keys of their letters and digits. A project without a
-- programme takes that under which another table of the quarter lists it.
with quantities as (
    select * exclude (closes_quarter)
    from {{ ref('stg_quantities') }}
    where closes_quarter
),

figures as (
    select *
    from quantities

    union all by name

    select
        *,
        null as period,
        0 as half_unit
    from {{ ref('int_listings') }}
),

compared as (
    select figures.*
    from figures
    semi join {{ ref('cross_check_terms') }} using (organisation_code, record, table_name)
),

programmes as (
    select
        organisation_code,
        quarter,
        {{ match_key('item') }} as item_key,
        max(part) as programme
    from {{ ref('int_listings') }}
    where record = 'listed' and measure = 'project' and part is not null
    group by organisation_code, quarter, item_key
),

named as (
    select
        * replace (cast(value as decimal(18, 4)) as value, cast(half_unit as double) as half_unit),
        {{ match_key('topic') }} as topic_key,
        {{ match_key('part') }} as part_key,
        {{ match_key('item') }} as item_key,
        {{ match_key('measure') }} as measure_key,
        {{ match_key('period') }} as period_key
    from compared
)

select
    named.* replace (
        case
            when named.record in ('project_status', 'savings', 'listed', 'status') and named.part is null
                then {{ match_key('programmes.programme') }}
            else named.part_key
        end as part_key
    )
from named
left join programmes using (organisation_code, quarter, item_key)
