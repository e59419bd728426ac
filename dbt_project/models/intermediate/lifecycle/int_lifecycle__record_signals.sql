{{ config(materialized='view') }}

-- Dated facts of source records, each under the subject key it belongs to. A fact joins by one
-- more branch; what it means is decided in the rule seeds.
with

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

excluded_sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where is_excluded

),

-- What a bot or a colleague does on the site tells nothing about a customer.
web_signals as (

    select signals.*

    from {{ ref('int_journey__web_signals') }} as signals

    where
        signals.signal <> 'none'
        and not exists (
            select 1

            from excluded_sessions

            where
                excluded_sessions.subject_key = signals.subject_key
                and signals.occurred_at >= excluded_sessions.started_at
                and signals.occurred_at <= excluded_sessions.ended_at
        )

),

stacked as (

    select
        'contact_created' as signal,
        'hubspot' as source_system,
        hubspot_contact_id as reference_id,
        subject_key,
        created_at as occurred_at
    from contacts

    union all

    select
        'mql_reached' as signal,
        'hubspot' as source_system,
        hubspot_contact_id as reference_id,
        subject_key,
        mql_at as occurred_at
    from contacts

    union all

    select
        'sql_reached' as signal,
        'hubspot' as source_system,
        hubspot_contact_id as reference_id,
        subject_key,
        sql_at as occurred_at
    from contacts

    union all

    select
        'account_created' as signal,
        'shopify' as source_system,
        shopify_customer_id as reference_id,
        subject_key,
        created_at as occurred_at
    from customers

    union all

    select
        'email_subscribed' as signal,
        'shopify' as source_system,
        shopify_customer_id as reference_id,
        subject_key,
        email_marketing_at as occurred_at
    from customers
    where lower(email_marketing_state) = 'subscribed'

    union all

    select
        'email_subscribed' as signal,
        'hubspot' as source_system,
        hubspot_contact_id || '-' || subscription_id as reference_id,
        contact_key as subject_key,
        min(status_at) as occurred_at
    from {{ ref('stg_hubspot__subscription_statuses') }}
    where upper(status) = 'SUBSCRIBED'
    group by hubspot_contact_id, subscription_id, contact_key

    union all

    select
        signal,
        source as source_system,
        visit_id as reference_id,
        coalesce(user_key, subject_key) as subject_key,
        occurred_at
    from web_signals

    union all

    select
        signal,
        source_system,
        reference_id,
        subject_key,
        occurred_at
    from {{ ref('int_lifecycle__service_signals') }}

    union all

    select
        signal,
        source_system,
        reference_id,
        subject_key,
        occurred_at
    from {{ ref('int_lifecycle__activity_signals') }}

),

dated as (

    select *

    from stacked

    where occurred_at is not null and subject_key is not null

)

select * from dated
