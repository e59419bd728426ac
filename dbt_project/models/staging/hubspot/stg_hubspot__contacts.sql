with

source as (

    select * from {{ source('raw_hubspot', 'contacts') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_contact_id as {{ t_text() }}) as hubspot_contact_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(email_key as {{ t_text() }}) as email_key,
        cast(phone_key as {{ t_text() }}) as phone_key,
        cast(company_hubspot_id as {{ t_text() }}) as company_hubspot_id,

        -- strings
        cast(email_domain_class as {{ t_text() }}) as email_domain_class,
        cast(email_domain as {{ t_text() }}) as email_domain,
        cast(phone_country as {{ t_text() }}) as phone_country,
        cast(country_code as {{ t_text() }}) as country_code,
        cast(region as {{ t_text() }}) as region,
        cast(language_code as {{ t_text() }}) as language_code,
        cast(age_band as {{ t_text() }}) as age_band,
        cast(job_title as {{ t_text() }}) as job_title,
        cast(lifecycle_stage as {{ t_text() }}) as lifecycle_stage,
        cast(lead_status as {{ t_text() }}) as lead_status,
        cast(lead_source as {{ t_text() }}) as lead_source,
        cast(legal_basis as {{ t_text() }}) as legal_basis,
        cast(extra as {{ t_text() }}) as extra,

        -- booleans
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(first_seen_at as timestamp) as first_seen_at,
        cast(lead_at as timestamp) as lead_at,
        cast(mql_at as timestamp) as mql_at,
        cast(sql_at as timestamp) as sql_at,
        cast(opportunity_at as timestamp) as opportunity_at,
        cast(customer_at as timestamp) as customer_at,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
