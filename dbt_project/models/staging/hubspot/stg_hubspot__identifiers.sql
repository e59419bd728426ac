with

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

carried as (

    select
        hubspot_contact_id,
        created_at,
        updated_at,
        'hubspot_contact_id' as identifier_type,
        subject_key
    from contacts

    union all

    select
        hubspot_contact_id,
        created_at,
        updated_at,
        'email' as identifier_type,
        email_key as subject_key
    from contacts
    where email_key is not null

    union all

    select
        hubspot_contact_id,
        created_at,
        updated_at,
        'phone' as identifier_type,
        phone_key as subject_key
    from contacts
    where phone_key is not null

),

identifiers as (

    select
        'hubspot' as source,
        'contacts/' || hubspot_contact_id as record_key,
        identifier_type,
        subject_key,
        created_at as first_seen,
        updated_at as last_seen,
        cast(1 as bigint) as observation_count
    from carried

)

select * from identifiers
