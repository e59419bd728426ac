{{ config(group='privacy', materialized='view') }}

{# Where each record's owner lives, as far as policies tell places apart, and how old at least. #}

with

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

jurisdictions as (

    select * from {{ ref('consent_jurisdictions') }}

),

recorded as (

    select
        subject_key,
        {{ consent_jurisdiction('country_code', 'region') }} as jurisdiction,
        substr(country_code, 1, 2) as country_code,
        age_band

    from contacts

    union all

    select
        subject_key,
        {{ consent_jurisdiction('country_code', 'region_code') }} as jurisdiction,
        substr(country_code, 1, 2) as country_code,
        age_band

    from customers

),

placed as (

    select
        recorded.subject_key,
        case
            when recorded.country_code is null then null
            else coalesce(regions.jurisdiction, countries.jurisdiction, '*')
        end as jurisdiction,
        cast({{ regex_extract('recorded.age_band', '^[0-9]+') }} as int) as lowest_age

    from recorded

    left join jurisdictions as regions
        on recorded.jurisdiction = regions.jurisdiction

    left join jurisdictions as countries
        on upper(recorded.country_code) = countries.jurisdiction

)

select * from placed
