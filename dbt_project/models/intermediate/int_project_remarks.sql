select
    organisation_code,
    submission_id,
    {{ match_key('portfolio') }} as portfolio_key,
    {{ match_key('project') }} as project_key,
    string_agg(commentary, chr(10) order by source_row) as commentary,
    string_agg('''' || sheet || '''!' || (cells ->> 'commentary'), ',' order by source_row) as commentary_cell
from {{ ref('stg_commentary') }}
where commentary is not null
group by organisation_code, submission_id, portfolio_key, project_key
