{{ config(materialized='view') }}

with

states as (

    select * from {{ ref('int_consent__current_states') }}

),

current_states as (

    select
        person_id,
        purpose,
        channel,
        state,
        reason,
        jurisdiction,
        lawful_basis,
        since,
        lapses_at

    from states

)

select * from current_states
