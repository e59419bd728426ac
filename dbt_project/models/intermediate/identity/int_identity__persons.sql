{{ config(materialized='view') }}

with

persons as (

    select * from {{ source('identity', 'persons') }}

),

living as (

    select
        person_id,
        created_at

    from persons

    where retired_at is null

)

select * from living
