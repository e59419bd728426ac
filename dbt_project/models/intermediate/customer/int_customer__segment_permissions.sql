-- One denial denies, else one grant grants.
with

members as (

    select * from {{ ref('int_customer__segment_members') }}

),

segments as (

    select * from {{ ref('segment_definitions') }}

),

consents as (

    select * from {{ ref('consent_current') }}

),

decided as (

    select
        members.segment,
        members.person_id,
        case
            when max(case when consents.state = 'denied' then 1 else 0 end) = 1 then 'denied'
            when max(case when consents.state = 'granted' then 1 else 0 end) = 1 then 'granted'
            else 'unknown'
        end as purpose_consent

    from members

    inner join segments
        on members.segment = segments.segment

    left join consents
        on
            members.person_id = consents.person_id
            and segments.purpose = consents.purpose

    group by members.segment, members.person_id

),

judged as (

    select
        segment,
        person_id,
        purpose_consent,
        purpose_consent = 'granted' as is_permitted

    from decided

)

select * from judged
