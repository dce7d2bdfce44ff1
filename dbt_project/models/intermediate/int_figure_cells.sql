-- The cells of every figure in `int_figures`; a figure that is a sum or a mean has one row a cell.
with status_amounts as (
    select
        organisation_code,
        quarter,
        'programme_status' as record,
        table_name,
        programme as item,
        submission_id,
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
        submission_id,
        sheet,
        cells
    from {{ ref('stg_project_status') }}
    where closes_quarter and row_type = 'detail'
),

figures as (
    select
        * exclude (cells),
        'total' as year,
        unnest(['target', 'at_risk', 'delivered_alternatively', 'net_at_risk']) as measure,
        cells ->> measure as cell
    from status_amounts

    union all by name

    select
        organisation_code,
        quarter,
        'savings' as record,
        table_name,
        component as item,
        measure,
        savings_year as year,
        submission_id,
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
        submission_id,
        sheet,
        cells ->> 'value' as cell
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
        submission_id,
        sheet,
        cells ->> 'value' as cell
    from {{ ref('stg_score') }}
    where closes_quarter and row_type = 'detail'

    union all by name

    select
        organisation_code,
        quarter,
        'dashboard_measure' as record,
        table_name,
        measure as item,
        'value' as measure,
        left(quarter, 7) as year,
        submission_id,
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
        submission_id,
        sheet,
        cells ->> 'value' as cell
    from {{ ref('stg_indicator') }}
    where closes_quarter and measured_quarter = quarter
)

select *
from figures
where cell is not null
