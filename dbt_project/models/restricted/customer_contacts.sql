{# One row per person with at least one value that a granted purpose reveals. #}

with

states as (

    select * from {{ ref('int_consent__person_states') }}

),

golden as (

    select * from {{ ref('contact_golden_records') }}

),

best_points as (

    select
        person_id,
        purpose,
        value,
        row_number() over (
            partition by person_id, purpose order by survival_rank, point_key
        ) as choice

    from {{ ref('sendable_contact_points') }}

),

chosen as (

    select
        person_id,
        max(case when purpose = 'email_marketing' then value end) as email,
        max(case when purpose = 'sms_marketing' then value end) as mobile_phone,
        max(case when purpose = 'phone_marketing' then value end) as phone

    from best_points

    where choice = 1

    group by person_id

),

revealed as (

    select
        states.person_id,
        {{ reveal_if_granted('golden.first_name', 'states.personalisation_consent') }}
            as first_name,
        {{ reveal_if_granted('golden.last_name', 'states.personalisation_consent') }} as last_name,
        {{ reveal_if_granted('chosen.email', 'states.email_marketing_consent') }} as email,
        {{ reveal_if_granted('chosen.mobile_phone', 'states.sms_marketing_consent') }}
            as mobile_phone,
        {{ reveal_if_granted('chosen.phone', 'states.phone_marketing_consent') }} as phone,
        {{ reveal_if_granted('golden.street', 'states.post_marketing_consent') }} as street,
        {{ reveal_if_granted('golden.postal_code', 'states.post_marketing_consent') }}
            as postal_code,
        {{ reveal_if_granted('golden.city', 'states.post_marketing_consent') }} as city,
        states.email_marketing_consent,
        states.sms_marketing_consent,
        states.phone_marketing_consent,
        states.post_marketing_consent,
        states.personalisation_consent

    from states

    inner join golden
        on states.person_id = golden.person_id

    left join chosen
        on states.person_id = chosen.person_id

)

select * from revealed
