with source_rows as (
    {{ current_rows('budget_line') }}
),

-- A section ends with its first totals row; what stands below is in no section until the next heading.
section_ends as (
    select
        submission_id,
        table_name,
        block,
        section,
        min(source_row) as section_end
    from {{ source('raw', 'budget_line') }}
    where row_type <> 'detail'
    group by submission_id, table_name, block, section
),

with_sections as (
    select
        source_rows.* exclude (section),
        case
            when source_rows.source_row <= section_ends.section_end or section_ends.section_end is null
                then source_rows.section
        end as section
    from source_rows
    left join section_ends using (submission_id, table_name, block, section)
)

select
    {{ provenance() }},
    section,
    line,
    fiscal_year,
    {{ money('value') }} as amount_gbp
from with_sections
