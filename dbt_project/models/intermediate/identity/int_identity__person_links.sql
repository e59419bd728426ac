with

links as (

    select * from {{ source('identity', 'person_links') }}

),

living as (

    select * from {{ ref('int_identity__persons') }}

),

linked as (

    select
        links.subject_key,
        links.identifier_type,
        links.person_id,
        links.valid_from,
        links.valid_to

    from links

    inner join living
        on links.person_id = living.person_id

)

select * from linked
