{{ config(materialized='view') }}

with

people as (

    select * from {{ ref('customer_360') }}

),

rights as (

    select *

    from {{ ref('int_customer__audience_rights') }}

    where audience = 'marketing'

),

permitted as (

    select
        people.person_id,
        people.recognition_level,
        people.country_code,
        people.region_code,
        people.language_code,
        people.age_band,
        people.email_domain_class,
        {{ reveal_when('people.first_channel_group', 'rights.is_behaviour_visible') }}
            as first_channel_group,
        {{ reveal_when('people.first_source', 'rights.is_behaviour_visible') }} as first_source,
        {{ reveal_when('people.first_medium', 'rights.is_behaviour_visible') }} as first_medium,
        {{ reveal_when('people.first_campaign_name', 'rights.is_behaviour_visible') }}
            as first_campaign_name,
        {{ reveal_when('people.last_channel_group', 'rights.is_behaviour_visible') }}
            as last_channel_group,
        {{ reveal_when('people.session_count', 'rights.is_behaviour_visible') }} as session_count,
        {{ reveal_when('people.engaged_session_count', 'rights.is_behaviour_visible') }}
            as engaged_session_count,
        {{ reveal_when('people.session_30d_count', 'rights.is_behaviour_visible') }}
            as session_30d_count,
        {{ reveal_when('people.first_session_at', 'rights.is_behaviour_visible') }}
            as first_session_at,
        {{ reveal_when('people.last_session_at', 'rights.is_behaviour_visible') }}
            as last_session_at,
        people.lifecycle_stage,
        people.lifecycle_family,
        people.lifecycle_reason_code,
        people.lifecycle_stage_since,
        people.projected_lifecycle_stage,
        people.projected_lifecycle_stage_at,
        people.reporting_currency,
        people.order_count,
        people.order_amount,
        people.order_365d_amount,
        people.refund_amount,
        people.net_order_amount,
        people.first_order_at,
        people.last_order_at,
        people.open_delivery_count,
        people.overdue_delivery_count,
        people.open_return_count,
        people.open_ticket_count,
        people.personalisation_consent,
        people.email_marketing_consent,
        people.sms_marketing_consent,
        people.phone_marketing_consent,
        people.post_marketing_consent,
        people.ads_consent

    from people

    inner join rights
        on people.person_id = rights.person_id

    where rights.is_admitted

)

select * from permitted
