-- Figures that a cross-check may name, in one shape. A figure without a year stands for the fiscal year of its quarter.
{{ config(materialized='view') }}

with status_amounts as (
    select
        organisation_code,
        quarter,
        'programme_status' as record,
        table_name,
        programme as item,
        target_gbp as target,
        at_risk_gbp as at_risk,
        delivered_alternatively_gbp as delivered_alternatively,
        net_at_risk_gbp as net_at_risk,
        sheet,
        cells
    from {{ ref('stg_programme_status') }}
    where closes_quarter

    union all

    select
        organisation_code,
        quarter,
        'project_status' as record,
        table_name,
        portfolio as item,
        try_cast(sum(target_gbp) as decimal(18, 2)) as target,
        try_cast(sum(at_risk_gbp) as decimal(18, 2)) as at_risk,
        try_cast(sum(delivered_alternatively_gbp) as decimal(18, 2)) as delivered_alternatively,
        try_cast(sum(net_at_risk_gbp) as decimal(18, 2)) as net_at_risk,
        null as sheet,
        null as cells
    from {{ ref('stg_project_status') }}
    where closes_quarter and row_type = 'detail'
    group by organisation_code, quarter, table_name, portfolio
),

figures as (
    select
        organisation_code,
        quarter,
        record,
        table_name,
        item,
        measure,
        'total' as year,
        value,
        'gbp' as unit,
        sheet,
        cells ->> measure as cell
    from status_amounts
    unpivot include nulls (value for measure in (target, at_risk, delivered_alternatively, net_at_risk))

    union all by name

    select
        organisation_code,
        quarter,
        'savings' as record,
        table_name,
        component as item,
        measure,
        savings_year as year,
        amount_gbp as value,
        'gbp' as unit,
        sheet,
        cells ->> 'value' as cell
    from {{ ref('stg_savings') }}
    where closes_quarter

    union all by name

    select
        organisation_code,
        quarter,
        'tally' as record,
        table_name,
        subject as item,
        state as measure,
        left(quarter, 7) as year,
        items as value,
        'count' as unit
    from {{ ref('stg_tally') }}
    where closes_quarter

    union all by name

    select
        organisation_code,
        quarter,
        'score' as record,
        table_name,
        subject as item,
        'mean' as measure,
        left(quarter, 7) as year,
        cast(avg(score) as decimal(18, 4)) as value,
        'score' as unit
    from {{ ref('stg_score') }}
    where closes_quarter and row_type = 'detail'
    group by organisation_code, quarter, table_name, subject

    union all by name

    select
        organisation_code,
        quarter,
        'dashboard_measure' as record,
        table_name,
        measure as item,
        'value' as measure,
        left(quarter, 7) as year,
        value,
        unit,
        sheet,
        cells ->> 'value' as cell
    from {{ ref('stg_dashboard_measure') }}
    where closes_quarter

    union all by name

    select
        organisation_code,
        quarter,
        'indicator' as record,
        table_name,
        indicator_code as item,
        measure,
        left(quarter, 7) as year,
        value,
        unit,
        sheet,
        cells ->> 'value' as cell
    from {{ ref('stg_indicator') }}
    where closes_quarter and measured_quarter = quarter
)

select * replace (try_cast(value as decimal(18, 4)) as value)
from figures
