{# One row per person: of each attribute the value that survived. #}

with

contact_values as (

    select * from {{ ref('contact_values') }}
    where survival_rank = 1

),

golden as (

    select
        person_id,
        max(case when attribute = 'email' then value end) as email,
        max(case when attribute = 'phone' then value end) as phone,
        max(case when attribute = 'first_name' then value end) as first_name,
        max(case when attribute = 'last_name' then value end) as last_name,
        max(case when attribute = 'street' then value end) as street,
        max(case when attribute = 'postal_code' then value end) as postal_code,
        max(case when attribute = 'city' then value end) as city,
        max(case when attribute = 'date_of_birth' then value end) as date_of_birth

    from contact_values

    group by person_id

)

select * from golden
