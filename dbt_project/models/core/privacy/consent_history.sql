{{ config(materialized='view') }}

with

intervals as (

    select * from {{ ref('int_consent__person_intervals') }}

),

history as (

    select
        person_id,
        purpose,
        channel,
        state,
        reason,
        valid_from,
        valid_to

    from intervals

)

select * from history
