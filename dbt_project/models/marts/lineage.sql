-- A rule's arithmetic and words stand with its first operand in the seed, and with every one here.
select
    mart,
    column_name,
    operand,
    first_value(arithmetic) over rule_operands as arithmetic,
    first_value(says) over rule_operands as says,
    role,
    source_mart,
    source_column,
    join_keys,
    source_filter,
    blank_is_zero
from {{ ref('lineage_rules') }}
window rule_operands as (
    partition by mart, column_name
    order by operand
)
