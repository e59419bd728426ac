with

source as (

    select * from {{ source('raw_hubspot', 'companies') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_company_id as {{ t_text() }}) as hubspot_company_id,

        -- strings
        cast(company_name as {{ t_text() }}) as company_name,
        cast(domain as {{ t_text() }}) as domain,
        cast(industry as {{ t_text() }}) as industry,
        cast(country_code as {{ t_text() }}) as country_code,
        cast(extra as {{ t_text() }}) as extra,

        -- numerics
        cast(employee_count as bigint) as employee_count,

        -- booleans
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
