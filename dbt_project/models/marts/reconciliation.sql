with arithmetic as (
    select
        organisation_code,
        quarter,
        return_id || ' ' || reporting_period || ': ' || sheet || '!' || coalesce(printed_cell, recomputed_from, '?')
        || ' ' || regexp_replace(rule, '-(disagrees|rounds)$', '') as check_name,
        subject as "check",
        'within a return' as scope,
        'printed' as printed_basis,
        'equal' as comparison,
        printed_value,
        recomputed_value,
        difference,
        tolerance,
        unit,
        verdict,
        severity,
        submission_id,
        sheet,
        printed_cell,
        recomputed_from,
        row_number() over (
            partition by organisation_code, quarter, check_name
            order by subject, recomputed_from
        ) as occurrence
    from {{ ref('stg_arithmetic_checks') }}
),

checks as (
    -- Several figures may be recomputed for one cell.
    select
        * exclude (check_name, occurrence),
        check_name || case when occurrence > 1 then ' ' || occurrence else '' end as check_id
    from arithmetic

    union all by name

    select
        organisation_code,
        quarter,
        check_id,
        says as "check",
        'across tables' as scope,
        printed_basis,
        comparison,
        printed_value,
        recomputed_value,
        difference,
        tolerance,
        cut_off_place,
        unit,
        verdict,
        severity,
        note,
        submission_id,
        sheet,
        printed_cell,
        recomputed_from
    from {{ ref('int_cross_checks') }}

    union all by name

    select
        organisation_code,
        quarter,
        check_id,
        says as "check",
        'across tables' as scope,
        comparison,
        'not_made' as verdict,
        'warning' as severity,
        note,
        submission_id,
        sheet
    from {{ ref('int_cross_checks_not_made') }}
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    checks.check_id,
    checks."check",
    checks.scope,
    checks.comparison,
    checks.printed_basis,
    checks.printed_value,
    checks.recomputed_value,
    checks.difference,
    checks.tolerance,
    try_cast(100 * checks.tolerance / nullif(abs(checks.printed_value), 0) as decimal(18, 4)) as tolerance_percent,
    checks.cut_off_place,
    checks.unit,
    checks.verdict,
    checks.verdict = 'rounds'
    and checks.tolerance > abs(checks.printed_value) * {{ var('weak_tolerance_percent') }} / 100 as is_weak,
    case when checks.verdict in ('disagrees', 'not_made') then checks.severity else 'info' end as severity,
    checks.note,
    checks.submission_id,
    checks.sheet,
    checks.printed_cell,
    checks.recomputed_from
from checks
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
