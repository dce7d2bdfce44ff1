-- The marts to expect, straight from the world and not from its raw rows: a quarter shows its last month as it was last
-- sent, in pounds.
create or replace temp table quarters as
with sent as (
    select
        o,
        m,
        min(received_at) as first_at,
        max(received_at) as last_at
    from submissions
    group by o, m, return_id
),

-- Everything is owed every month: a quarter is final with the last return's first sending, revised by any after that.
whole as (
    select
        *,
        cast(date_trunc('quarter', first_day) as date) as quarter_start,
        max(first_at) over (partition by o, date_trunc('quarter', first_day)) as complete_at
    from sent
    inner join months using (m)
)

select
    organisation_code,
    organisation,
    o,
    max(m) as m,
    years(any_value(fiscal_year)) || ' Q' || quarter(quarter_start - interval 3 month) as quarter,
    quarter_start,
    any_value(fiscal_year) as fiscal_year,
    quarter_start = min(quarter_start) over (partition by o) as is_first,
    case when bool_or(last_at > greatest(first_at, complete_at)) then 'revised' else 'final' end as data_status
from whole
inner join organisations using (o)
group by organisation_code, organisation, o, quarter_start;

create or replace temp table ranks as
from (
    values
    ('On Target', 1, 'green'),
    ('Experiencing Obstacles', 2, 'amber'),
    ('At Risk', 3, 'amber_red'),
    ('Compromised', 4, 'red'),
    ('Closed or Completed', null, 'complete'),
    ('No Status', null, 'not_rated')
) as words (status, rank, rag);

insert into expected.project_status by name
select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    portfolio,
    project,
    status,
    status_previous,
    present.rag,
    case
        when present.rag = 'complete' then 'closed'
        when status_previous is null then case when is_first then 'not_comparable' else 'new' end
        when present.rank < previous.rank then 'improved'
        when present.rank > previous.rank then 'worsened'
        when present.rank = previous.rank then 'same'
        else 'not_comparable'
    end as movement,
    1000 * target as target_gbp,
    1000 * risk as at_risk_gbp,
    1000 * alternative as delivered_alternatively_gbp,
    1000 * net as net_at_risk_gbp
from project_rows
inner join quarters using (o, m)
left join ranks as present using (status)
left join ranks as previous on project_rows.status_previous = previous.status
where latest and row_type = 'detail';

insert into expected.portfolio_savings by name
select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    replace(totals.portfolio, ' Totals', '') as portfolio,
    1000 * any_value(totals.target) as target_gbp,
    1000 * any_value(totals.risk) as at_risk_gbp,
    1000 * any_value(totals.alternative) as delivered_alternatively_gbp,
    1000 * any_value(totals.net) as net_at_risk_gbp,
    count(*) as projects,
    count(*) filter (where rag = 'green') as projects_green,
    count(*) filter (where rag = 'amber') as projects_amber,
    count(*) filter (where rag = 'amber_red') as projects_amber_red,
    count(*) filter (where rag = 'red') as projects_red,
    count(*) filter (where rag = 'complete') as projects_complete,
    count(*) filter (where rag = 'not_rated') as projects_not_rated
from project_rows as totals
inner join project_rows as details
    on totals.submission_id = details.submission_id and totals.source_row = details.rolls_up_to_row
inner join ranks on details.status = ranks.status
inner join quarters on totals.o = quarters.o and totals.m = quarters.m
where totals.latest and totals.row_type = 'subtotal'
group by all;

insert into expected.savings_profile by name
with amounts as (
    select
        *,
        unnest(list_concat(targets, risks, [target, risk])) as amount,
        unnest(['target', 'target', 'target', 'at_risk', 'at_risk', 'at_risk', 'target', 'at_risk']) as measure,
        unnest([0, 1, 2, 0, 1, 2, null, null]) as year
    from project_rows
    where latest and by_year
)

select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    'project_status_report' as return_id,
    replace(portfolio, ' Totals', '') as portfolio,
    coalesce(project, portfolio) as component,
    row_type,
    coalesce(years(fiscal_year + year), 'total') as savings_year,
    measure,
    1000 * amount as amount_gbp
from amounts
inner join quarters using (o, m)
where amount is not null;

insert into expected.medium_term_finance by name
select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    case when row_type <> 'total' then section end as section,
    line,
    row_type as line_type,
    years(quarters.fiscal_year + year) as fiscal_year,
    100000 * tenths[year + 1] as amount_gbp
from budget_rows
inner join quarters using (o, m)
cross join (values (0), (1), (2)) as printed_years (year)
where latest;
