select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    proposals.proposal,
    proposals.reference,
    proposals.fiscal_year,
    proposals.effect,
    proposals.fte,
    proposals.vacant_fte,
    proposals.amount_gbp,
    proposals.commentary,
    proposals.submission_id,
    proposals.sheet,
    {{ cells_of({
        'proposal': 'proposal',
        'reference': 'reference',
        'fiscal_year': 'fiscal_year',
        'effect': 'effect',
        'fte': 'fte',
        'vacant_fte': 'vacant_fte',
        'amount_gbp': 'value',
        'commentary': 'commentary'
    }) }} as cells
from {{ ref('stg_staffing_proposal') }} as proposals
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
where proposals.closes_quarter
