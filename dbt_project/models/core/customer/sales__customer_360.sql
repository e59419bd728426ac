{{ config(materialized='view') }}

with

people as (

    select * from {{ ref('customer_360') }}

),

rights as (

    select *

    from {{ ref('int_customer__audience_rights') }}

    where audience = 'sales'

),

permitted as (

    select
        people.person_id,
        people.country_code,
        people.language_code,
        people.email_domain_class,
        people.account_id,
        {{ reveal_when('people.first_channel_group', 'rights.is_behaviour_visible') }}
            as first_channel_group,
        {{ reveal_when('people.last_channel_group', 'rights.is_behaviour_visible') }}
            as last_channel_group,
        {{ reveal_when('people.session_count', 'rights.is_behaviour_visible') }} as session_count,
        {{ reveal_when('people.engaged_session_count', 'rights.is_behaviour_visible') }}
            as engaged_session_count,
        {{ reveal_when('people.session_30d_count', 'rights.is_behaviour_visible') }}
            as session_30d_count,
        {{ reveal_when('people.last_session_at', 'rights.is_behaviour_visible') }}
            as last_session_at,
        people.lifecycle_stage,
        people.lifecycle_family,
        people.lifecycle_reason_code,
        people.lifecycle_stage_since,
        people.reporting_currency,
        people.order_count,
        people.net_order_amount,
        people.last_order_at,
        people.open_opportunity_count,
        people.won_opportunity_count,
        people.open_opportunity_amount,
        people.won_opportunity_amount,
        people.overdue_delivery_count,
        people.email_marketing_consent,
        people.phone_marketing_consent,
        people.profiling_consent

    from people

    inner join rights
        on people.person_id = rights.person_id

    where rights.is_admitted and people.is_in_crm

)

select * from permitted
