{{ config(group='privacy', indexes=[{'columns': ['person_id']}]) }}

{# Per person and purpose: what the policy says when nothing was recorded. No known country, or
   records that contradict each other, take the strictest; someone too young has no opt-out default. #}

with

links as (

    select * from {{ ref('int_identity__person_links') }}

),

places as (

    select * from {{ ref('int_consent__subject_places') }}

),

policies as (

    select * from {{ ref('int_consent__policies') }}

),

located as (

    select
        links.person_id,
        min(places.jurisdiction) as first_jurisdiction,
        max(places.jurisdiction) as last_jurisdiction,
        min(places.lowest_age) as lowest_age

    from links

    left join places
        on links.subject_key = places.subject_key

    group by links.person_id

),

placed as (

    select
        person_id,
        lowest_age,
        case
            when first_jurisdiction = last_jurisdiction then first_jurisdiction
            else '*'
        end as jurisdiction

    from located

),

applied as (

    select
        placed.person_id,
        policies.purpose,
        policies.channel,
        placed.jurisdiction,
        policies.lawful_basis,
        case
            when policies.default_state = 'granted' and placed.lowest_age < policies.minimum_age
                then 'unknown'
            else policies.default_state
        end as default_state

    from placed

    inner join policies
        on placed.jurisdiction = policies.jurisdiction

)

select * from applied
