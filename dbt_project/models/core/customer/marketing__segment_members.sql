{{ config(materialized='view') }}

with

members as (

    select * from {{ ref('segment_members') }}

),

rights as (

    select *

    from {{ ref('int_customer__audience_rights') }}

    where audience = 'marketing' and is_admitted

),

permitted as (

    select
        members.segment,
        members.person_id

    from members

    inner join rights
        on members.person_id = rights.person_id

    where members.is_permitted

)

select * from permitted
