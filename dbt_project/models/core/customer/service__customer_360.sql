{{ config(materialized='view') }}

with

people as (

    select * from {{ ref('customer_360') }}

),

rights as (

    select *

    from {{ ref('int_customer__audience_rights') }}

    where audience = 'service'

),

permitted as (

    select
        people.person_id,
        people.recognition_level,
        people.source_systems,
        people.country_code,
        people.language_code,
        people.account_id,
        {{ reveal_when('people.session_30d_count', 'rights.is_behaviour_visible') }}
            as session_30d_count,
        {{ reveal_when('people.last_session_at', 'rights.is_behaviour_visible') }}
            as last_session_at,
        {{ reveal_when('people.last_device_type', 'rights.is_behaviour_visible') }}
            as last_device_type,
        people.lifecycle_stage,
        people.lifecycle_family,
        people.reporting_currency,
        people.order_count,
        people.open_order_count,
        people.order_amount,
        people.refund_amount,
        people.net_order_amount,
        people.first_order_at,
        people.last_order_at,
        people.refund_count,
        people.returned_quantity,
        people.open_return_count,
        people.late_delivery_count,
        people.overdue_delivery_count,
        people.open_delivery_count,
        people.last_refund_at,
        people.last_delivery_at,
        people.support_call_count,
        people.ticket_count,
        people.open_ticket_count,
        people.last_service_contact_at,
        people.open_opportunity_count,
        people.email_marketing_consent,
        people.service_consent

    from people

    left join rights
        on people.person_id = rights.person_id

)

select * from permitted
