{{ config(
    schema='activation', materialized='view', post_hook="{{ as_security_barrier() }}"
) }}

with

sendable as (

    {{ sendable('sms_marketing', 'phone') }}

)

select * from sendable
