{{ config(
    schema='activation', materialized='view', post_hook="{{ as_security_barrier() }}"
) }}

with

sendable as (

    {{ sendable('post_marketing', 'address') }}

)

select * from sendable
