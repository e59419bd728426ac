{{ config(group='privacy', materialized='view') }}

{# The inputs of keys and of persons together: their ids never coincide. #}

with

subjects as (

    select * from {{ ref('int_consent__subject_inputs') }}

),

persons as (

    select * from {{ ref('int_consent__person_inputs') }}

),

holders as (

    select
        subject_key as holder_id,
        holder_state
    from subjects

    union all

    select
        person_id as holder_id,
        holder_state
    from persons

)

select * from holders
