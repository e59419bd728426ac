with

source as (

    select * from {{ source('raw_files', 'consents') }}

),

completed as (

    select load_id

    from {{ source('raw_files', '_dlt_loads') }}

    where status = 0

),

typed as (

    select
        -- ids
        cast(consent_id as {{ t_text() }}) as consent_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(user_key as {{ t_text() }}) as user_key,
        cast(email_key as {{ t_text() }}) as email_key,
        cast(phone_key as {{ t_text() }}) as phone_key,

        -- strings
        cast(office as {{ t_text() }}) as office,
        cast(purpose as {{ t_text() }}) as purpose,
        cast(channel as {{ t_text() }}) as channel,
        cast(action as {{ t_text() }}) as action,
        cast(legal_basis as {{ t_text() }}) as legal_basis,
        cast(country_code as {{ t_text() }}) as country_code,
        cast(capture_method as {{ t_text() }}) as capture_method,
        cast(notice_version as {{ t_text() }}) as notice_version,
        cast(proof_sha256 as {{ t_text() }}) as proof_sha256,

        -- timestamps
        cast(occurred_at as timestamp) as occurred_at,
        cast(observed_at as timestamp) as observed_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
