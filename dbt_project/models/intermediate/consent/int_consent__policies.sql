{{ config(group='privacy') }}

{# The policy of each jurisdiction, and under '*' the strictest of all: what counts when the
   country is unknown or two records contradict each other. #}

with

policies as (

    select * from {{ ref('consent_policy') }}

),

jurisdictions as (

    select * from {{ ref('consent_jurisdictions') }}

),

declared as (

    select
        jurisdictions.jurisdiction,
        policies.purpose,
        policies.channel,
        policies.default_state,
        policies.lawful_basis,
        policies.validity_days,
        policies.implied_validity_days,
        policies.minimum_age

    from jurisdictions

    inner join policies
        on jurisdictions.policy_code = policies.policy_code

),

strictest as (

    select
        '*' as jurisdiction,
        purpose,
        channel,
        case
            when max(case when default_state = 'denied' then 1 else 0 end) = 1 then 'denied'
            when max(case when default_state = 'unknown' then 1 else 0 end) = 1 then 'unknown'
            else 'granted'
        end as default_state,
        'strictest' as lawful_basis,
        min(validity_days) as validity_days,
        case
            when count(implied_validity_days) = count(*) then min(implied_validity_days)
        end as implied_validity_days,
        max(minimum_age) as minimum_age

    from policies

    group by purpose, channel

),

combined as (

    select * from declared

    union all

    select * from strictest

)

select * from combined
