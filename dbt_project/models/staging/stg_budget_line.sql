with source_rows as (
    {{ current_rows('budget_line') }}
),

-- A section ends with its first totals row; what stands below is in no section until the next heading.
with_ends as (
    select
        *,
        min(source_row) filter (where row_type <> 'detail') over (
            partition by submission_id, table_name, block, cells ->> 'section'
        ) as section_end
    from source_rows
)

select
    {{ provenance() }},
    case when source_row <= section_end or section_end is null then section end as section,
    line,
    fiscal_year,
    {{ money('value') }} as amount_gbp
from with_ends
