{{ config(
    schema='activation', materialized='view', post_hook="{{ as_security_barrier() }}"
) }}

with

sendable as (

    {{ sendable('email_marketing', 'email') }}

)

select * from sendable
