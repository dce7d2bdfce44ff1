create or replace temp macro filled(figure, value) as case when figure is not null then value end;

-- The world as the loader leaves it in the raw schema: what stands in the cells, with unit, multiplier and place.
insert into raw.submissions by name
select
    submission_id,
    organisations.organisation_code,
    case return_id when 'medium_term_forecast' then 'budget_monitoring' else 'highlight_report' end as feed,
    return_id,
    period as reporting_period,
    sequence,
    case when sequence > 1 then series || '.' || (sequence - 1) end as restates,
    submission_id as receipt_id,
    sha256(submission_id) as sha256,
    return_id || ' ' || period || '.xlsx' as file_name,
    cast(8000 as bigint) as size_bytes,
    strftime(received_at, '%Y-%m-%dT%H:%M:%S+00:00') as received_at,
    return_id as layout,
    sha256(return_id) as layout_sha256,
    'accepted' as status
from submissions
inner join organisations using (o)
inner join months using (m);

insert into raw.project_status by name
select
    submission_id,
    split_part(submission_id, '.', 1) as organisation_code,
    split_part(submission_id, '.', 3) as reporting_period,
    'appendix_b' as table_name,
    'Appendix B' as sheet,
    1 as block,
    source_row,
    row_type,
    rolls_up_to_row,
    '{"portfolio":"A"'
    || case when project is not null then ',"project":"B"' else '' end
    || case when status_previous is not null then ',"status_previous":"C"' else '' end
    || case when status is not null then ',"status":"D"' else '' end
    || ',"target":"H"'
    || case when risk is not null then ',"at_risk":"L"' else '' end
    || case when alternative is not null then ',"delivered_alternatively":"M"' else '' end
    || case when net is not null then ',"net_at_risk":"N"' else '' end || '}' as cells,
    portfolio,
    project,
    'five_step_delivery' as scale_id,
    status_previous,
    status,
    target,
    filled(target, 'gbp') as target_unit,
    filled(target, 1000) as target_scale,
    filled(target, 0) as target_decimals,
    risk as at_risk,
    filled(risk, 'gbp') as at_risk_unit,
    filled(risk, 1000) as at_risk_scale,
    filled(risk, 0) as at_risk_decimals,
    alternative as delivered_alternatively,
    filled(alternative, 'gbp') as delivered_alternatively_unit,
    filled(alternative, 1000) as delivered_alternatively_scale,
    filled(alternative, 0) as delivered_alternatively_decimals,
    net as net_at_risk,
    filled(net, 'gbp') as net_at_risk_unit,
    filled(net, 1000) as net_at_risk_scale,
    filled(net, 0) as net_at_risk_decimals
from project_rows
order by submission_id, source_row;

insert into raw.savings by name
select
    submission_id,
    split_part(submission_id, '.', 1) as organisation_code,
    split_part(submission_id, '.', 3) as reporting_period,
    'appendix_b' as table_name,
    'Appendix B' as sheet,
    1 as block,
    source_row,
    row_type,
    rolls_up_to_row,
    '{"portfolio":"A","component":"' || case when project is null then 'A' else 'B' end
    || '","value":"' || letters || '"}' as cells,
    portfolio,
    coalesce(project, portfolio) as component,
    'project' as component_type,
    case when year is null then 'total' else years(fiscal_year + year) end as savings_year,
    measure,
    amount as value,
    filled(amount, 'gbp') as value_unit,
    filled(amount, 1000) as value_scale,
    filled(amount, 0) as value_decimals
from (
    select
        * exclude (figures),
        unnest(figures, recursive := true)
    from (
        select
            *,
            [
                {'measure': 'target', 'year': 0, 'letters': 'E', 'amount': targets[1]},
                {'measure': 'target', 'year': 1, 'letters': 'F', 'amount': targets[2]},
                {'measure': 'target', 'year': 2, 'letters': 'G', 'amount': targets[3]},
                {'measure': 'target', 'year': null, 'letters': 'H', 'amount': target},
                {'measure': 'at_risk', 'year': 0, 'letters': 'I', 'amount': risks[1]},
                {'measure': 'at_risk', 'year': 1, 'letters': 'J', 'amount': risks[2]},
                {'measure': 'at_risk', 'year': 2, 'letters': 'K', 'amount': risks[3]},
                {'measure': 'at_risk', 'year': null, 'letters': 'L', 'amount': risk}
            ] as figures
        from project_rows
        inner join months using (m)
        where by_year
    )
)
where amount is not null
order by submission_id, source_row;

insert into raw.budget_line by name
select
    submission_id,
    split_part(submission_id, '.', 1) as organisation_code,
    split_part(submission_id, '.', 3) as reporting_period,
    'figure_a2' as table_name,
    'Figure A-2' as sheet,
    1 as block,
    source_row,
    row_type,
    rolls_up_to_row,
    '{"section":"' || section_cell || '","line":"A","value":"' || ['B', 'C', 'D'][year + 1] || '"}' as cells,
    section,
    line,
    years(fiscal_year + year) as fiscal_year,
    tenths[year + 1]::decimal(18, 6) / 10 as value,
    filled(tenths[year + 1], 'gbp') as value_unit,
    filled(tenths[year + 1], 1000000) as value_scale,
    filled(tenths[year + 1], 1) as value_decimals
from budget_rows
cross join (values (0), (1), (2)) as printed_years (year)
order by submission_id, source_row;
