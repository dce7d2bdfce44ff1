-- Checks that ask for a comparison which cannot be made, although every table they name was sent: a term finds nothing
-- while others do (a row was renamed or left out), or it finds several figures where one is meant.
with sent as (
    select
        organisation_code,
        record,
        table_name,
        quarter_start,
        max(submission_id) as submission_id,
        max(sheet) as sheet
    from {{ ref('int_figures') }}
    group by organisation_code, record, table_name, quarter_start
),

asked as (
    select
        terms.*,
        cast(sent.quarter_start + to_months(3 * terms.quarters_back) as date) as quarter_start,
        sent.submission_id,
        sent.sheet
    from {{ ref('int_cross_check_terms') }} as terms
    inner join sent using (organisation_code, record, table_name)
),

found as (
    select
        organisation_code,
        check_name,
        quarter_start,
        term,
        role,
        each_topic,
        each_item,
        each_measure,
        each_period,
        any_value(each_label) as each_label,
        count(*) as figures,
        string_agg(cell, ', ' order by length(cell), cell) as cells
    from {{ ref('int_cross_check_figures') }}
    group by organisation_code, check_name, quarter_start, term, role, each_topic, each_item, each_measure, each_period
),

found_terms as (
    select distinct
        organisation_code,
        check_name,
        quarter_start,
        term
    from found
),

-- The terms of the checks whose tables were all sent, and of which some term finds something.
due as (
    select
        asked.*,
        found_terms.term is not null as is_found
    from asked
    left join found_terms using (organisation_code, check_name, quarter_start, term)
    window one_check as (partition by asked.organisation_code, asked.check_name, asked.quarter_start)
    qualify
        count(*) over one_check = asked.terms_of_check
        and count(found_terms.term) over one_check > 0
),

-- A term that finds nothing at all stops its check as a whole.
absent as (
    select
        *,
        cast(null as varchar) as each_label,
        'nothing was found for ' || says as reason
    from due
    where not is_found and record <> 'status'
),

-- Else each of the things that a check is made for may lack a figure, or have too many. Of periods, one table may print
-- more than another.
things as (
    select distinct
        found.organisation_code,
        found.check_name,
        found.quarter_start,
        found.each_topic,
        found.each_item,
        found.each_measure,
        found.each_period,
        found.each_label
    from found
    anti join absent using (organisation_code, check_name, quarter_start)
    where found.role = 'printed'
),

unclear as (
    select
        due.*,
        things.each_label,
        case
            when found.figures is null then 'nothing was found for ' || due.says
            else found.figures || ' figures fit ' || due.says || ' (' || found.cells || ')'
        end as reason
    from things
    inner join due using (organisation_code, check_name, quarter_start)
    left join found
        on
            due.organisation_code = found.organisation_code
            and due.check_name = found.check_name
            and due.quarter_start = found.quarter_start
            and due.term = found.term
            and things.each_topic = coalesce(found.each_topic, things.each_topic)
            and things.each_item = coalesce(found.each_item, things.each_item)
            and things.each_measure = coalesce(found.each_measure, things.each_measure)
            and things.each_period = coalesce(found.each_period, things.each_period)
    where
        (
            found.figures is null
            and due.blank_is is null
            and due.record <> 'status'
            and not list_contains(due.for_each, 'period')
        )
        or (found.figures > 1 and due.aggregate = 'one')
),

reasons as (
    select * from absent

    union all by name

    select * from unclear
)

select
    reasons.organisation_code,
    {{ fiscal_quarter('reasons.quarter_start') }} as quarter,
    reasons.quarter_start,
    concat_ws(': ', reasons.check_name, nullif(reasons.each_label, '')) as check_id,
    concat_ws(': ', nullif(replace(reasons.each_label, '_', ' '), ''), any_value(checks.says)) as says,
    any_value(checks.comparison) as comparison,
    'Not made: ' || string_agg(reasons.reason, '; ' order by reasons.term) || '.' as note,
    arg_min(reasons.submission_id, reasons.term) as submission_id,
    arg_min(reasons.sheet, reasons.term) as sheet
from reasons
inner join {{ ref('cross_checks') }} as checks
    on reasons.organisation_code = checks.organisation_code and reasons.check_name = checks.check_name
group by reasons.organisation_code, reasons.quarter_start, reasons.check_name, reasons.each_label
