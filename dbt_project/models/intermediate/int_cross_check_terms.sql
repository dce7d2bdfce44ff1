-- Terms with the keys they look figures up by; NULL allows every value.
select
    terms.organisation_code,
    terms.check_name,
    row_number() over (
        partition by terms.organisation_code, terms.check_name
        order by
            terms.role,
            terms.record,
            terms.table_name,
            terms.topic,
            terms.part,
            terms.item,
            terms.measure,
            terms.period,
            terms.factor,
            terms.aggregate,
            terms.quarters_back
    ) as term,
    terms.role,
    count(*) filter (where terms.role = 'printed') over (
        partition by terms.organisation_code, terms.check_name
    ) as printed_terms,
    terms.record,
    terms.table_name,
    case when terms.topic is not null then {{ match_key('terms.topic') }} end as topic_key,
    case when terms.part is not null then {{ match_key('terms.part') }} end as part_key,
    case when terms.item is not null then {{ match_key('terms.item') }} end as item_key,
    ends_with(terms.item, '…') as item_goes_on,
    case when terms.measure is not null then {{ match_key('terms.measure') }} end as measure_key,
    case when terms.period is not null then {{ match_key('terms.period') }} end as period_key,
    -- Things are counted; of figures one is meant, unless the term says what becomes of several.
    coalesce(terms.aggregate, case when terms.record in ('listed', 'status') then 'sum' else 'one' end) as aggregate,
    coalesce(terms.factor, 1) as factor,
    terms.decimals,
    coalesce(terms.quarters_back, 0) as quarters_back,
    concat_ws(', ', terms.item, terms.measure, terms.topic, terms.part, terms.period)
    || ' in ' || terms.table_name as says,
    count(*) over (partition by terms.organisation_code, terms.check_name) as terms_of_check,
    coalesce(string_split(checks.for_each, ' '), []) as for_each,
    checks.blank_is
from {{ ref('cross_check_terms') }} as terms
inner join {{ ref('cross_checks') }} as checks using (organisation_code, check_name)
