{{ config(indexes=[{'columns': ['person_id'], 'unique': true}]) }}

with

persons as (

    select * from {{ source('identity', 'persons') }}

),

links as (

    select * from {{ source('identity', 'person_links') }}

),

types as (

    select * from {{ ref('identity_rules') }}

),

evidenced as (

    select distinct links.person_id

    from links

    inner join types
        on links.identifier_type = types.identifier_type

    where types.stands_for_person = 1

),

living as (

    select
        persons.person_id,
        persons.created_at

    from persons

    inner join evidenced
        on persons.person_id = evidenced.person_id

    where persons.retired_at is null

)

select * from living
