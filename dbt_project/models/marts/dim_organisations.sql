{{ config(alias='organisations') }}

select
    organisation_code,
    organisation,
    slug,
    organisation_type,
    valid_from,
    valid_to
from {{ ref('organisations') }}
