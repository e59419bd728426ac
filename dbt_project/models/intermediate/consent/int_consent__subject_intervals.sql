{{ config(group='privacy', materialized='view') }}

{# What one key itself said, without the person behind it: device consent for device events, and
   whether an address was ever granted. Moments with nothing in force have no row. #}

with

intervals as (

    select * from {{ ref('int_consent__holder_intervals') }}
    where holder_type = 'subject'

),

named as (

    select
        subject_key,
        purpose,
        channel,
        case state when 'pending' then 'unknown' else state end as state,
        reason,
        valid_from,
        valid_to

    from intervals

)

select * from named
