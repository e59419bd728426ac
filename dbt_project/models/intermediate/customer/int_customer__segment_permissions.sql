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
        person_id,
        purpose,
        case
            when max(case when state = 'denied' then 1 else 0 end) = 1 then 'denied'
            when max(case when state = 'granted' then 1 else 0 end) = 1 then 'granted'
            else 'unknown'
        end as state

    from consents

    group by person_id, purpose

),

judged as (

    select
        members.segment,
        members.person_id,
        coalesce(decided.state, 'unknown') as purpose_consent,
        coalesce(decided.state, 'unknown') = 'granted' as is_permitted

    from members

    inner join segments
        on members.segment = segments.segment

    left join decided
        on
            members.person_id = decided.person_id
            and segments.purpose = decided.purpose

)

select * from judged
