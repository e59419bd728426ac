{# Addresses and numbers with the key that consent is recorded under, a row per person and point. #}

with

contact_values as (

    select * from {{ ref('contact_values') }}
    where attribute in ('email', 'phone')

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

record_points as (

    select
        subject_key,
        'email' as attribute,
        email_key as point_key
    from contacts

    union all

    select
        subject_key,
        'phone' as attribute,
        phone_key as point_key
    from contacts

    union all

    select
        subject_key,
        'email' as attribute,
        email_key as point_key
    from customers

    union all

    select
        subject_key,
        'phone' as attribute,
        phone_key as point_key
    from customers

),

keyed as (

    select
        contact_values.person_id,
        contact_values.attribute,
        record_points.point_key,
        contact_values.value,
        row_number() over (
            partition by
                contact_values.person_id, contact_values.attribute, record_points.point_key
            order by contact_values.survival_rank
        ) as spelling_rank,
        min(contact_values.survival_rank) over (
            partition by
                contact_values.person_id, contact_values.attribute, record_points.point_key
        ) as survival_rank

    from contact_values

    inner join record_points
        on
            contact_values.subject_key = record_points.subject_key
            and contact_values.attribute = record_points.attribute

    where record_points.point_key is not null

),

points as (

    select
        person_id,
        attribute,
        point_key,
        value,
        survival_rank

    from keyed

    where spelling_rank = 1

)

select * from points
