-- The marts that the made-up councils fill, as one script: no layers, no tests, no contracts, and only what these rows
-- need. It reads `build.raw` and `build.seeds` and writes the schema `marts` of the database it runs in.
create or replace schema marts;

create temp macro quarter_of(day) as
    strftime(day - interval 3 month, '%Y-') || strftime(day + interval 9 month, '%y') || ' Q' || quarter(day - interval 3 month);

-- A cell's entry in a mart's `cells`: the address under the mart's own name.
create temp macro entry(name, cell, source_row) as
    '"' || name || '":"' || case when regexp_full_match(cell, '[A-Z]+') then cell || source_row else cell end || '",';

create temp table sent as
select
    *,
    cast(reporting_period || '-01' as date) as month_start,
    cast(date_trunc('quarter', month_start) as date) as quarter_start,
    timezone('UTC', cast(received_at as timestamptz)) as received
from build.raw.submissions;

create temp table current_submissions as
select
    submission_id,
    organisation_code,
    quarter_of(month_start) as quarter,
    reporting_period = max(reporting_period) over (partition by organisation_code, return_id, quarter_start) as closes,
    return_id
from (
    select *
    from sent
    where status = 'accepted'
    qualify row_number() over (partition by organisation_code, return_id, reporting_period order by sequence desc) = 1
);

create table marts.reporting_quarters as
with received as (
    select
        organisation_code,
        return_id,
        reporting_period,
        min(received) filter (where status = 'accepted') as first_at,
        max(received) filter (where status = 'accepted') as last_at
    from sent
    group by all
),

owed as (
    select
        organisation_code,
        return_id,
        strftime(month_start, '%Y-%m') as reporting_period
    from (
        select
            *,
            unnest(generate_series(
                cast(first_period || '-01' as date),
                coalesce(
                    cast(last_period || '-01' as date), cast(date_trunc('quarter', current_date) as date) + interval 2 month
                ),
                case frequency
                    when 'monthly' then interval 1 month
                    when 'quarterly' then interval 3 month
                    else interval 12 month
                end
            )) as month_start
        from build.seeds.expected_returns
    )
),

returns as (
    select
        *,
        owed.return_id is not null as expected,
        cast(reporting_period || '-01' as date) as month_start,
        cast(date_trunc('quarter', month_start) as date) as quarter_start
    from received
    full outer join owed using (organisation_code, return_id, reporting_period)
),

timed as (
    select
        *,
        first_at is not null as is_accepted,
        coalesce(max(first_at) filter (where expected) over one_quarter, max(first_at) over one_quarter) as complete_at
    from returns
    window one_quarter as (partition by organisation_code, quarter_start)
),

counted as (
    select
        organisation_code,
        quarter_start,
        complete_at,
        count(*) filter (where expected) as expected_returns,
        count(*) filter (where expected and is_accepted) as expected_returns_accepted,
        count(*) filter (where is_accepted) as accepted_returns,
        count(*) filter (where last_at > greatest(first_at, complete_at)) as restated_since,
        string_agg(return_id || ' ' || reporting_period, ', ' order by return_id, reporting_period)
        filter (where expected and not is_accepted) as missing_returns,
        max(last_at) as last_accepted_at
    from timed
    group by all
)

select
    organisation_code,
    coalesce(organisations.organisation, organisation_code) as organisation,
    quarter_of(quarter_start) as quarter,
    quarter_start,
    cast(quarter_start + interval 3 month - interval 1 day as date) as quarter_end,
    left(quarter_of(quarter_start), 7) as fiscal_year,
    case
        when missing_returns is not null or accepted_returns = 0 then 'provisional'
        when restated_since > 0 then 'revised'
        else 'final'
    end as data_status,
    expected_returns,
    expected_returns_accepted,
    missing_returns,
    case when missing_returns is null then complete_at end as final_at,
    last_accepted_at
from counted
left join build.seeds.organisations using (organisation_code);

create temp table closing as
select
    submissions.submission_id,
    submissions.return_id,
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status
from current_submissions as submissions
inner join marts.reporting_quarters as quarters using (organisation_code, quarter)
where closes;

create temp table words as
select
    scale_id,
    lower(trim(regexp_replace(word, '[\s\x{00A0}]+', ' ', 'g'))) as word,
    status,
    rag,
    rank,
    rated
from build.seeds.delivery_statuses;

create temp table projects as
with rated as (
    select
        closing.*,
        source.portfolio,
        source.programme,
        source.project_code,
        source.project,
        source.scale_id,
        coalesce(present.status, source.status) as status,
        coalesce(previous.status, source.status_previous) as status_printed_previous,
        present.rag,
        present.rank,
        coalesce(present.rated, false) as rated,
        previous.rank as previous_rank,
        coalesce(previous.rated, false) as previous_rated,
        cast(source.target as decimal(32, 6)) * source.target_scale as target,
        cast(source.at_risk as decimal(32, 6)) * source.at_risk_scale as at_risk,
        cast(source.delivered_alternatively as decimal(32, 6)) * source.delivered_alternatively_scale as delivered_alternatively,
        cast(source.net_at_risk as decimal(32, 6)) * source.net_at_risk_scale as net_at_risk,
        source.commentary,
        source.sheet,
        source.source_row,
        source.cells as source_cells,
        regexp_replace(lower(source.portfolio), '[^\p{L}\p{N}]+', '', 'g') || '/'
        || coalesce(source.project_code, regexp_replace(lower(source.project), '[^\p{L}\p{N}]+', '', 'g')) as subject
    from build.raw.project_status as source
    inner join closing using (submission_id)
    left join words as present
        on
            source.scale_id = present.scale_id
            and lower(trim(regexp_replace(source.status, '[\s\x{00A0}]+', ' ', 'g'))) = present.word
    left join words as previous
        on
            source.scale_id = previous.scale_id
            and lower(trim(regexp_replace(source.status_previous, '[\s\x{00A0}]+', ' ', 'g'))) = previous.word
    where source.row_type = 'detail'
)

select
    rated.*,
    earlier.status as earlier_status,
    earlier.rank as earlier_rank,
    earlier.rated as earlier_rated,
    earlier.scale_id as earlier_scale_id,
    reported.quarter_start is not null as reported_before
from rated
left join rated as earlier
    on
        rated.organisation_code = earlier.organisation_code
        and case when rated.status_printed_previous is null then rated.subject end = earlier.subject
        and rated.quarter_start = cast(earlier.quarter_start + interval 3 month as date)
left join (select distinct organisation_code, quarter_start from closing) as reported
    on
        rated.organisation_code = reported.organisation_code
        and rated.quarter_start = cast(reported.quarter_start + interval 3 month as date);

create table marts.project_status as
select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    portfolio,
    programme,
    project_code,
    project,
    scale_id,
    status,
    coalesce(status_printed_previous, earlier_status) as status_previous,
    case
        when status_printed_previous is not null then 'printed'
        when earlier_status is not null then 'previous quarter'
    end as status_previous_basis,
    rag,
    case
        when rag = 'complete' then 'closed'
        when status_previous is null and reported_before then 'new'
        when
            rated and case when status_printed_previous is null then earlier_rated else previous_rated end
            and (status_printed_previous is not null or earlier_scale_id = scale_id)
            then case sign(rank - case when status_printed_previous is null then earlier_rank else previous_rank end)
                when -1 then 'improved'
                when 1 then 'worsened'
                else 'same'
            end
        else 'not_comparable'
    end as movement,
    cast(target as decimal(18, 2)) as target_gbp,
    cast(at_risk as decimal(18, 2)) as at_risk_gbp,
    cast(delivered_alternatively as decimal(18, 2)) as delivered_alternatively_gbp,
    cast(net_at_risk as decimal(18, 2)) as net_at_risk_gbp,
    commentary,
    submission_id,
    sheet,
    '{' || rtrim(concat(
        entry('portfolio', source_cells ->> 'portfolio', source_row),
        entry('programme', source_cells ->> 'programme', source_row),
        entry('project_code', source_cells ->> 'project_code', source_row),
        entry('project', source_cells ->> 'project', source_row),
        entry('status', source_cells ->> 'status', source_row),
        entry('status_previous', source_cells ->> 'status_previous', source_row),
        entry('target_gbp', source_cells ->> 'target', source_row),
        entry('at_risk_gbp', source_cells ->> 'at_risk', source_row),
        entry('delivered_alternatively_gbp', source_cells ->> 'delivered_alternatively', source_row),
        entry('net_at_risk_gbp', source_cells ->> 'net_at_risk', source_row),
        entry('commentary', source_cells ->> 'commentary', source_row)
    ), ',') || '}' as cells
from projects;

create table marts.portfolio_savings as
select
    organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    portfolio,
    count(*) as projects,
    cast(sum(target_gbp) as decimal(18, 2)) as target_gbp,
    cast(sum(at_risk_gbp) as decimal(18, 2)) as at_risk_gbp,
    cast(sum(delivered_alternatively_gbp) as decimal(18, 2)) as delivered_alternatively_gbp,
    cast(sum(net_at_risk_gbp) as decimal(18, 2)) as net_at_risk_gbp,
    count(*) filter (where rag = 'green') as projects_green,
    count(*) filter (where rag = 'amber') as projects_amber,
    count(*) filter (where rag = 'amber_red') as projects_amber_red,
    count(*) filter (where rag = 'red') as projects_red,
    count(*) filter (where rag = 'complete') as projects_complete,
    count(*) filter (where rag = 'not_rated') as projects_not_rated
from marts.project_status
group by all;

create table marts.savings_profile as
select
    closing.organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    return_id,
    table_name as source_table,
    case when row_type = 'detail' then savings.portfolio else coalesce(totals.portfolio, savings.portfolio) end as portfolio,
    component,
    case when row_type <> 'detail' and component = savings.portfolio then 'portfolio' else component_type end
        as component_type,
    row_type,
    savings_year,
    measure,
    cast(cast(value as decimal(32, 6)) * value_scale as decimal(18, 2)) as amount_gbp,
    submission_id,
    sheet,
    '{' || rtrim(concat(
        entry('portfolio', cells ->> 'portfolio', source_row),
        entry('component', cells ->> 'component', source_row),
        entry('savings_year', cells ->> 'savings_year', source_row),
        entry('amount_gbp', cells ->> 'value', source_row)
    ), ',') || '}' as cells
from build.raw.savings
inner join closing using (submission_id)
left join (
    select submission_id, table_name, block, rolls_up_to_row as source_row, any_value(portfolio) as portfolio
    from build.raw.savings
    where row_type = 'detail' and rolls_up_to_row is not null
    group by all
) as totals using (submission_id, table_name, block, source_row);

create table marts.medium_term_finance as
select
    closing.organisation_code,
    organisation,
    quarter,
    quarter_start,
    data_status,
    case when source_row <= section_end or section_end is null then section end as section,
    line,
    row_type as line_type,
    fiscal_year,
    cast(cast(value as decimal(32, 6)) * value_scale as decimal(18, 2)) as amount_gbp,
    submission_id,
    sheet,
    '{' || rtrim(concat(
        entry('section', cells ->> 'section', source_row),
        entry('line', cells ->> 'line', source_row),
        entry('fiscal_year', cells ->> 'fiscal_year', source_row),
        entry('amount_gbp', cells ->> 'value', source_row)
    ), ',') || '}' as cells
from build.raw.budget_line
inner join closing using (submission_id)
left join (
    select submission_id, table_name, block, section, min(source_row) as section_end
    from build.raw.budget_line
    where row_type <> 'detail'
    group by all
) as ends using (submission_id, table_name, block, section);

create table marts.lineage_multipliers as
with multipliers as (
    select distinct
        submission_id,
        sheet,
        unit,
        multiplier,
        regexp_extract(cell, '^[A-Z]+') as sheet_column
    from (
        select submission_id, sheet, target_unit as unit, target_scale as multiplier, cells ->> 'target' as cell
        from build.raw.project_status where target is not null
        union all
        select submission_id, sheet, at_risk_unit, at_risk_scale, cells ->> 'at_risk'
        from build.raw.project_status where at_risk is not null
        union all
        select
            submission_id, sheet, delivered_alternatively_unit, delivered_alternatively_scale,
            cells ->> 'delivered_alternatively'
        from build.raw.project_status where delivered_alternatively is not null
        union all
        select submission_id, sheet, net_at_risk_unit, net_at_risk_scale, cells ->> 'net_at_risk'
        from build.raw.project_status where net_at_risk is not null
        union all
        select submission_id, sheet, value_unit, value_scale, cells ->> 'value' from build.raw.savings
        where value is not null
        union all
        select submission_id, sheet, value_unit, value_scale, cells ->> 'value' from build.raw.budget_line
        where value is not null
    )
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    submission_id,
    sheet,
    unit,
    multiplier,
    string_agg(sheet_column, ', ' order by length(sheet_column), sheet_column) as sheet_columns
from multipliers
inner join current_submissions using (submission_id)
inner join marts.reporting_quarters as quarters using (organisation_code, quarter)
group by all;
