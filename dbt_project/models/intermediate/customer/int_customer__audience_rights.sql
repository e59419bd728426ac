-- What a granted purpose opens for each audience; everybody else has no row. Purposes are bits, so
-- that a person costs one comparison an audience.
with

consents as (

    select * from {{ ref('int_consent__person_states') }}

),

audience_purposes as (

    select * from {{ ref('audience_purposes') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

audiences as (

    select
        audience_purposes.audience,
        bit_or(
            case when audience_purposes.effect = 'admits' then purposes.purpose_mask else 0 end
        ) as admitting_mask,
        bit_or(
            case
                when audience_purposes.effect = 'reveals_behaviour' then purposes.purpose_mask
                else 0
            end
        ) as revealing_mask,
        bit_or(purposes.purpose_mask) as opening_mask

    from audience_purposes

    inner join purposes
        on audience_purposes.purpose = purposes.purpose

    group by audience_purposes.audience

),

opened as (

    select
        consents.person_id,
        audiences.audience,
        consents.purpose_mask & audiences.admitting_mask <> 0 as is_admitted,
        consents.purpose_mask & audiences.revealing_mask <> 0 as is_behaviour_visible

    from consents

    inner join audiences
        on consents.purpose_mask & audiences.opening_mask <> 0

)

select * from opened
