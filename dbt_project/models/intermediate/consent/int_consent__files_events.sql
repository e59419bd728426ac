{{ config(materialized='view', tags=['observe'], group='privacy') }}

{# Acts that files tell of: answers at the tills about the address left there, and lists of what was
   said on paper or by telephone. Each is an act of its own, not a state that is told again. #}

with

sales as (

    select * from {{ ref('stg_files__pos_sales') }}

),

listed as (

    select * from {{ ref('stg_files__consents') }}

),

mappings as (

    select * from {{ ref('consent_mappings') }}
    where system = 'till'

),

purposes as (

    select * from {{ ref('purposes') }}

),

answered as (

    select
        sales.email_key as subject_key,
        mappings.subject_scope,
        mappings.purpose,
        purposes.channel,
        mappings.action,
        mappings.legal_basis,
        sales.country_code,
        'till' as jurisdiction_source,
        'pos_sales/' || sales.receipt_id as source_key,
        'till:' || mappings.field as capture_method,
        cast(null as {{ t_text() }}) as notice_version,
        cast(null as {{ t_text() }}) as proof_sha256,
        sales.sold_at as occurred_at,
        sales.observed_at as received_at

    from sales

    inner join mappings
        on mappings.value = case when sales.has_agreed_to_email then 'yes' else 'no' end

    inner join purposes
        on mappings.purpose = purposes.purpose

    where sales.email_key is not null and sales.has_agreed_to_email is not null

),

written as (

    select
        subject_key,
        case when subject_key = user_key then 'account' else 'contact_point' end as subject_scope,
        purpose,
        channel,
        action,
        legal_basis,
        country_code,
        'list' as jurisdiction_source,
        'consents/' || consent_id as source_key,
        coalesce('list:' || office || ':' || capture_method, 'list:' || office) as capture_method,
        notice_version,
        proof_sha256,
        occurred_at,
        observed_at as received_at

    from listed

),

shaped as (

    select
        told.*,
        'act' as kind,
        {{ consent_jurisdiction('told.country_code', "cast(null as " ~ t_text() ~ ")") }}
            as jurisdiction,
        cast(null as {{ t_text() }}) as age_band,
        'files' as source

    from (
        select * from answered
        union all
        select * from written
    ) as told

),

observed as (

    {{ consent_observations('shaped', 'files', proven=true) }}

)

select * from observed
