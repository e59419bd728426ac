{{ config(group='privacy', materialized='view') }}

{# Per person and purpose: what the policy says when nothing was recorded. Someone too young has no
   opt-out default. Without common table expressions, so that PostgreSQL looks only at the persons
   that a reader asks for. #}

select
    persons.person_id,
    policies.purpose,
    policies.channel,
    persons.jurisdiction,
    policies.lawful_basis,
    case
        when policies.default_state = 'granted' and persons.lowest_age < policies.minimum_age
            then 'unknown'
        else policies.default_state
    end as default_state

from {{ ref('int_consent__person_inputs') }} as persons

inner join {{ ref('int_consent__policies') }} as policies
    on persons.jurisdiction = policies.jurisdiction
