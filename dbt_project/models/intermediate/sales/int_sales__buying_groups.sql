with

associations as (

    select * from {{ ref('stg_hubspot__associations') }}

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

rules as (

    select {{ as_of() }} as as_of

),

pairs as (

    select
        from_id as opportunity_id,
        to_id as hubspot_contact_id

    from associations

    where
        from_type in ('deals', 'deal')
        and to_type in ('contacts', 'contact')
        and not coalesce(is_deleted, false)

    union

    select
        to_id as opportunity_id,
        from_id as hubspot_contact_id

    from associations

    where
        to_type in ('deals', 'deal')
        and from_type in ('contacts', 'contact')
        and not coalesce(is_deleted, false)

),

members as (

    select distinct
        pairs.opportunity_id,
        links.person_id

    from pairs

    inner join contacts
        on pairs.hubspot_contact_id = contacts.hubspot_contact_id

    inner join links
        on contacts.subject_key = links.subject_key

    cross join rules

    where rules.as_of >= links.valid_from and rules.as_of < links.valid_to

)

select * from members
