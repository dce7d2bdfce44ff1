-- The world for organisations `first_organisation` to `last_organisation` (exclusive), in temporary tables. Whatever is
-- told of it, as files, as raw rows or as marts, is told from these. Every number is drawn from a hash of the seed and of
-- what it is about, so that any part can be made alone and is the same each time.

create or replace temp macro draw(what, n) as
    cast(md5_number_lower(getvariable('seed') || ':' || what) % n as integer);

-- How a project stands `k` months into a life of `life` months. It is closed for so long that a quarter ends with it.
create or replace temp macro status_at(project_key, k, life) as
    case
        when k = 0 then 'No Status'
        when k >= life - 3 then 'Closed or Completed'
        else (['On Target', 'On Target', 'On Target', 'On Target', 'On Target', 'On Target', 'Experiencing Obstacles',
               'Experiencing Obstacles', 'At Risk', 'Compromised'])[1 + draw(project_key || ' status ' || (k // 4), 10)]
    end;

create or replace temp table months as
select
    number as m,
    first_day,
    strftime(first_day, '%Y-%m') as period,
    (month(first_day) - 1) % 3 as month_of_quarter,
    year(first_day - interval 3 month) as fiscal_year
from (
    select range as number, cast(getvariable('first_day') + to_months(cast(range as integer)) as date) as first_day
    from range(getvariable('months'))
);

create or replace temp macro years(fiscal_year) as
    fiscal_year || '-' || lpad(cast((fiscal_year + 1) % 100 as varchar), 2, '0');

create or replace temp table organisations as
select
    cast(range as integer) as o,
    'B' || lpad(cast(range + 1 as varchar), 8, '0') as organisation_code,
    'council-' || lpad(cast(range + 1 as varchar), 3, '0') as slug,
    'Council ' || lpad(cast(range + 1 as varchar), 3, '0') as organisation
from range(getvariable('first_organisation'), getvariable('last_organisation'));

-- A return of a month: sent once or twice, a few of them months late. The second time it says more.
create or replace temp table returns as
select
    o,
    m,
    return_id,
    organisation_code || '.' || return_id || '.' || period as series,
    case when draw(series || ' restated', 100) < getvariable('restated_percent') then 2 else 1 end as sequences,
    last_day(first_day) + interval 9 hour + to_days(
        5 + draw(series || ' day', 20)
        + case when draw(series || ' late', 100) < getvariable('late_percent') then 75 else 0 end
    ) as first_received
from organisations
cross join months
cross join (values ('project_status_report'), ('medium_term_forecast')) as kinds (return_id);

create or replace temp table submissions as
select
    *,
    series || '.' || sequence as submission_id,
    sequence = sequences as latest,
    first_received + to_days(cast(100 * (sequence - 1) as integer)) as received_at
from (
    select *, unnest(range(1, sequences + 1)) as sequence
    from returns
    where m between getvariable('first_month') and getvariable('last_month')
);

-- A project lives for two to four years; another follows it. Projects of a portfolio stand together in their list.
create or replace temp table projects as
with slots as (
    select
        o,
        cast(range as integer) as p,
        24 + draw(o || '.' || range || ' life', 25) as life,
        draw(o || '.' || range || ' age', 24) as age,
        cast(range * getvariable('portfolios') // getvariable('projects') as integer) as portfolio_number
    from organisations
    cross join range(getvariable('projects'))
),

lives as (
    select
        *,
        (m + age) % life as k,
        o || '.' || p || '.' || ((m + age) // life) as project_key
    from slots
    cross join months
),

rated as (
    select
        *,
        status_at(project_key, k, life) as status,
        k - month_of_quarter - 1 as k_of_quarter_before,
        -- What stood in the last report of the quarter before.
        case when k_of_quarter_before >= 0 then status_at(project_key, k_of_quarter_before, life) end as status_previous,
        list_transform([0, 1, 2], year -> draw(project_key || ' target ' || (fiscal_year + year), 400)) as targets
    from lives
),

at_risk as (
    select
        *,
        -- Per cent of the target; negative is over-achievement.
        case status
            when 'Experiencing Obstacles' then 10
            when 'At Risk' then 30
            when 'Compromised' then 60
            when 'On Target' then case when draw(project_key || ' over ' || (k // 4), 8) = 0 then -5 else 0 end
            else 0
        end as slippage,
        list_transform(targets, target -> nullif(target * slippage // 100, 0)) as risks,
        list_sum(targets) as target,
        list_sum(risks) as risk
    from rated
)

select
    o,
    p,
    m,
    p < getvariable('projects_by_year') as by_year,
    6 + p + portfolio_number as source_row,
    portfolio_number,
    'Portfolio ' || (portfolio_number + 1) as portfolio,
    (['Adult Care', 'Broadband', 'Children', 'Estates', 'Highways', 'Libraries', 'Schools', 'Transport'])[
        1 + draw(project_key || ' place', 8)
    ] || ' ' || (['Commissioning', 'Partnership', 'Redesign', 'Review'])[1 + draw(project_key || ' kind', 4)]
    || ' (P' || replace(project_key, '.', '-') || ')' as project,
    status,
    status_previous,
    targets,
    risks,
    target,
    risk,
    case when risk > 0 and draw(project_key || ' otherwise', 3) = 0 then nullif(risk // 3, 0) end as otherwise
from at_risk;

-- What a submission prints of its projects, with the row that totals each portfolio. Only a restatement, or a return that
-- needed none, says what was delivered in an alternative way.
create or replace temp table project_rows as
with details as (
    select
        submissions.submission_id,
        submissions.latest,
        projects.*,
        case when latest then otherwise end as alternative,
        risk - case when latest then coalesce(otherwise, 0) else 0 end as net
    from projects
    inner join submissions using (o, m)
    where submissions.return_id = 'project_status_report'
)

select
    o,
    m,
    submission_id,
    latest,
    p,
    source_row,
    'detail' as row_type,
    max(source_row) over (partition by submission_id, portfolio_number) + 1 as rolls_up_to_row,
    portfolio,
    project,
    status,
    status_previous,
    by_year,
    targets,
    risks,
    target,
    risk,
    alternative,
    net
from details

union all

select
    o,
    m,
    submission_id,
    any_value(latest),
    null,
    max(source_row) + 1,
    'subtotal',
    null,
    any_value(portfolio) || ' Totals',
    null,
    null,
    null,
    bool_and(by_year),
    [sum(targets[1]), sum(targets[2]), sum(targets[3])],
    [sum(risks[1]), sum(risks[2]), sum(risks[3])],
    sum(target),
    sum(risk),
    sum(alternative),
    sum(net)
from details
group by o, m, submission_id, portfolio_number;

-- The lines of a forecast in tenths of a million, its subtotals and its last line. The first time, a line is too low.
create or replace temp table budget_rows as
with details as (
    select
        o,
        m,
        submission_id,
        latest,
        period,
        fiscal_year,
        section_number,
        line_number,
        5 + section_number * (getvariable('lines') + 2) + line_number as source_row,
        o || '.' || section_number || '.' || line_number as line_key,
        list_transform([0, 1, 2], year -> 5 + draw(line_key || ' base', 600)
            + draw(line_key || ' ' || (fiscal_year + year) || ' ' || (m // 3), 20)
            - case when section_number = 0 and line_number = 0 and not latest then 3 else 0 end) as tenths
    from submissions
    inner join months using (m)
    cross join (select cast(range as integer) as section_number from range(getvariable('sections')))
    cross join (select cast(range as integer) as line_number from range(getvariable('lines')))
    where return_id = 'medium_term_forecast'
),

subtotals as (
    select
        o,
        m,
        submission_id,
        any_value(latest) as latest,
        any_value(fiscal_year) as fiscal_year,
        section_number,
        max(source_row) + 1 as source_row,
        [sum(tenths[1]), sum(tenths[2]), sum(tenths[3])] as tenths
    from details
    group by o, m, submission_id, section_number
),

printed as (
    select
        o,
        m,
        submission_id,
        latest,
        fiscal_year,
        section_number,
        source_row,
        'detail' as row_type,
        5 + section_number * (getvariable('lines') + 2) + getvariable('lines') as rolls_up_to_row,
        (['Adult services', 'Children''s services', 'Environment', 'Housing', 'Leader', 'Resources'])[
            1 + draw(line_key || ' service', 6)
        ] || ' ' || (1 + section_number) || '.' || lpad(cast(line_number + 1 as varchar), 2, '0') as line,
        tenths
    from details

    union all

    select
        o,
        m,
        submission_id,
        latest,
        fiscal_year,
        section_number,
        source_row,
        'subtotal',
        4 + getvariable('sections') * (getvariable('lines') + 2),
        'Sub-total for ' || (['Portfolios', 'Other Expenditure', 'Capital Financing', 'Reserves', 'Grants'])[
            1 + section_number
        ],
        tenths
    from subtotals

    union all

    select
        o,
        m,
        submission_id,
        any_value(latest),
        any_value(fiscal_year),
        max(section_number),
        max(source_row) + 1,
        'total',
        null,
        'Net Revenue Expenditure',
        [sum(tenths[1]), sum(tenths[2]), sum(tenths[3])]
    from subtotals
    group by o, m, submission_id
)

select
    *,
    (['Portfolios', 'Other Expenditure', 'Capital Financing', 'Reserves', 'Grants'])[1 + section_number] as section,
    'A' || (4 + section_number * (getvariable('lines') + 2)) as section_cell
from printed;
