{# Partitions that have fewer or more rows than the rows they come from: a join lost some or made some twice. #}
{% test has_every_row_of(model, source_rows, only='true') %}
select
    coalesce(here.organisation_code, there.organisation_code) as organisation_code,
    coalesce(here.quarter, there.quarter) as quarter,
    here.row_count as rows_here,
    there.row_count as rows_there
from (select organisation_code, quarter, count(*) as row_count from {{ model }} group by organisation_code, quarter) as here
full outer join (
    select
        organisation_code,
        quarter,
        count(*) as row_count
    from {{ source_rows }}
    where {{ only }}
    group by organisation_code, quarter
) as there
    on here.organisation_code = there.organisation_code and here.quarter = there.quarter
where here.row_count is distinct from there.row_count
{% endtest %}
