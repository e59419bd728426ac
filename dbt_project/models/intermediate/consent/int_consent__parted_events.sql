{{ config(group='privacy', materialized='view') }}

{# What a key said as far as it counts for somebody who did not hold it all the time, and what
   follows each event: what was refused before a key had any known holder binds the first one who
   has it, and a grant ends for its giver when they lose the key. *held_until* is when they do. #}

with

links as (

    select * from {{ ref('int_consent__holder_links') }}
    where valid_from > {{ beginning_of_time() }} or valid_to < {{ end_of_time() }}

),

events as (

    select
        links.person_id,
        links.valid_to as held_until,
        said.place,
        said.subject_key,
        said.purpose,
        said.action,
        said.state,
        said.is_sticky,
        said.is_personal_grant,
        said.effective_at,
        said.lapses_at

    from links

    inner join {{ ref('int_consent__effective_events') }} as said
        on
            links.subject_key = said.subject_key
            and links.valid_to > said.effective_at
            and case
                when said.state = 'granted' then links.valid_from
                else links.refusals_from
            end <= said.effective_at

),

ordered as (

    select
        *,
        {{ followed() }}

    from events

    window
        running as (
            partition by subject_key, person_id, purpose
            order by place
            rows between unbounded preceding and current row
        )

),

overruled as (

    select
        person_id,
        subject_key,
        purpose,
        action,
        state,
        is_personal_grant,
        effective_at,
        lapses_at,
        next_at,
        {{ overruled_since() }} as overruled_since,
        held_until

    from ordered

)

select * from overruled
