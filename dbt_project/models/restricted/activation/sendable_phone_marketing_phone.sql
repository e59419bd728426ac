{{ config(
    schema='activation', materialized='view', post_hook="{{ as_security_barrier() }}"
) }}

with

sendable as (

    {{ sendable('phone_marketing', 'phone') }}

)

select * from sendable
