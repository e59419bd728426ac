{{ config(indexes=[{'columns': ['person_id']}]) }}

-- One row per source record of a person. A vendor with people joins by one more branch.
with

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

clock as (

    select {{ as_of() }} as as_of

),

stacked as (

    select
        'hubspot' as source_system,
        hubspot_contact_id as record_id,
        subject_key,
        upper(country_code) as country_code,
        cast(null as {{ t_text() }}) as region_code,
        language_code,
        age_band,
        email_domain_class,
        company_hubspot_id as account_id,
        coalesce(is_archived, false) as is_deleted,
        created_at,
        updated_at
    from contacts

    union all

    select
        'shopify' as source_system,
        shopify_customer_id as record_id,
        subject_key,
        upper(country_code) as country_code,
        region_code,
        language_code,
        age_band,
        email_domain_class,
        cast(null as {{ t_text() }}) as account_id,
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        updated_at
    from customers

),

keyed as (

    select
        stacked.*,
        links.person_id

    from stacked

    cross join clock

    inner join links
        on
            stacked.subject_key = links.subject_key
            and clock.as_of >= links.valid_from
            and clock.as_of < links.valid_to

)

select * from keyed
