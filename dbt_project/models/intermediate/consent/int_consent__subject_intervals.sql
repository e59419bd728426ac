{{ config(group='privacy', materialized='view') }}

{# What one key itself said, without the person behind it: device consent for device events, and
   whether an address was ever granted. Moments with nothing in force have no row. #}

with

events as (

    select * from {{ ref('int_consent__effective_events') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

intervals as (

    select
        events.subject_key,
        events.purpose,
        purposes.channel,
        case
            when events.overruled_since is not null then 'denied'
            when events.state = 'pending' then 'unknown'
            else events.state
        end as state,
        case when events.overruled_since is not null then 'object' else events.action end as reason,
        events.effective_at as valid_from,
        case
            when events.overruled_since is not null then events.next_at
            else {{ said_until('events') }}
        end as valid_to

    from events

    inner join purposes
        on events.purpose = purposes.purpose

),

lasting as (

    select * from intervals
    where valid_from < valid_to

)

select * from lasting
