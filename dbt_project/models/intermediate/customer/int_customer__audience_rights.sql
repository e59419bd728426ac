-- What a granted purpose opens for each audience; everybody else has no row.
with

consents as (

    select * from {{ ref('consent_current') }}

),

audience_purposes as (

    select * from {{ ref('audience_purposes') }}

),

denied as (

    select distinct
        person_id,
        purpose

    from consents

    where state = 'denied'

),

granted as (

    select distinct
        consents.person_id,
        consents.purpose

    from consents

    left join denied
        on
            consents.person_id = denied.person_id
            and consents.purpose = denied.purpose

    where consents.state = 'granted' and denied.person_id is null

),

opened as (

    select
        granted.person_id,
        audience_purposes.audience,
        max(case when audience_purposes.effect = 'admits' then 1 else 0 end) = 1 as is_admitted,
        max(case when audience_purposes.effect = 'reveals_behaviour' then 1 else 0 end) = 1
            as is_behaviour_visible

    from granted

    inner join audience_purposes
        on granted.purpose = audience_purposes.purpose

    group by granted.person_id, audience_purposes.audience

)

select * from opened
