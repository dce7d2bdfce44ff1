{%- set reasons = [
    'voluntary_redundancy', 'compulsory_redundancy', 'resignation', 'dismissal', 'mutual_agreement', 'vacancies'
] %}

with services as (
    select
        organisation_code,
        quarter,
        service,
        {%- for measure in ['previous', 'new', 'reduction'] + reasons %}
            max(fte) filter (where measure = '{{ measure }}_fte') as {{ measure }}_fte,
        {%- endfor %}
        max(submission_id) as submission_id,
        max(sheet) as sheet,
        {{ cells_by_measure() }} as cells
    from {{ ref('stg_establishment') }}
    where closes_quarter and row_type = 'detail'
    group by organisation_code, quarter, service
)

select
    quarters.organisation_code,
    quarters.organisation,
    quarters.quarter,
    quarters.quarter_start,
    quarters.data_status,
    services.service,
    services.previous_fte,
    services.new_fte,
    services.reduction_fte,
    {%- for reason in reasons %}
        services.{{ reason }}_fte,
    {%- endfor %}
    services.reduction_fte
    {%- for reason in reasons %}
        - coalesce(services.{{ reason }}_fte, 0)
    {%- endfor %} as unexplained_fte,
    services.submission_id,
    services.sheet,
    services.cells
from services
inner join {{ ref('int_reporting_quarters') }} as quarters using (organisation_code, quarter)
