with

persons as (

    select * from {{ ref('int_identity__persons') }}

),

identities as (

    select * from {{ ref('int_customer__identities') }}

),

profiles as (

    select * from {{ ref('int_customer__profiles') }}

),

engagement as (

    select * from {{ ref('int_customer__engagement') }}

),

stages as (

    select *

    from {{ ref('int_lifecycle__stage_transitions') }}

    where is_current

),

next_stages as (

    select
        person_id,
        stage,
        valid_from,
        row_number() over (partition by person_id order by valid_from asc) as stage_order

    from {{ ref('int_lifecycle__stage_transitions') }}

    where is_projected

),

purchases as (

    select * from {{ ref('int_customer__purchases') }}

),

services as (

    select * from {{ ref('int_customer__services') }}

),

service_contacts as (

    select * from {{ ref('int_customer__service_contacts') }}

),

opportunities as (

    select * from {{ ref('int_customer__opportunities') }}

),

consents as (

    select * from {{ ref('int_consent__person_states') }}

),

rules as (

    select {{ setting_text('reporting_currency') }} as reporting_currency

),

joined as (

    select
        persons.person_id,
        case when coalesce(identities.is_known, false) then 'known' else 'anonymous' end
            as recognition_level,
        profiles.source_systems,
        coalesce(identities.identifier_count, 0) as identifier_count,
        coalesce(identities.email_count, 0) as email_count,
        coalesce(identities.phone_count, 0) as phone_count,
        coalesce(identities.device_count, 0) as device_count,
        coalesce(profiles.record_count, 0) as record_count,
        coalesce(profiles.is_in_crm, false) as is_in_crm,
        coalesce(profiles.is_in_shop, false) as is_in_shop,

        coalesce(profiles.country_code, engagement.last_country_code) as country_code,
        profiles.region_code,
        profiles.language_code,
        profiles.age_band,
        profiles.email_domain_class,
        profiles.account_id,

        engagement.first_channel_group,
        engagement.first_source,
        engagement.first_medium,
        engagement.first_campaign_name,
        engagement.last_channel_group,
        engagement.last_source,
        engagement.last_device_type,
        coalesce(engagement.session_count, 0) as session_count,
        coalesce(engagement.engaged_session_count, 0) as engaged_session_count,
        coalesce(engagement.session_30d_count, 0) as session_30d_count,
        coalesce(engagement.view_count, 0) as view_count,
        engagement.first_session_at,
        engagement.last_session_at,

        stages.stage as lifecycle_stage,
        stages.stage_family as lifecycle_family,
        stages.reason_code as lifecycle_reason_code,
        stages.direction as lifecycle_direction,
        stages.previous_stage as previous_lifecycle_stage,
        stages.valid_from as lifecycle_stage_since,
        next_stages.stage as projected_lifecycle_stage,
        next_stages.valid_from as projected_lifecycle_stage_at,

        rules.reporting_currency,
        coalesce(purchases.order_count, 0) as order_count,
        coalesce(purchases.open_order_count, 0) as open_order_count,
        coalesce(purchases.unconverted_order_count, 0) as unconverted_order_count,
        cast(coalesce(purchases.order_amount, 0) as {{ t_money() }}) as order_amount,
        cast(coalesce(purchases.order_365d_amount, 0) as {{ t_money() }}) as order_365d_amount,
        coalesce(services.unconverted_refund_count, 0) as unconverted_refund_count,
        cast(coalesce(services.refund_amount, 0) as {{ t_money() }}) as refund_amount,
        cast(
            coalesce(purchases.order_amount, 0) - coalesce(services.refund_amount, 0)
            as {{ t_money() }}
        ) as net_order_amount,
        purchases.first_order_at,
        purchases.last_order_at,

        coalesce(services.refund_count, 0) as refund_count,
        coalesce(services.returned_quantity, 0) as returned_quantity,
        coalesce(services.open_return_count, 0) as open_return_count,
        coalesce(services.late_delivery_count, 0) as late_delivery_count,
        coalesce(services.overdue_delivery_count, 0) as overdue_delivery_count,
        coalesce(services.open_delivery_count, 0) as open_delivery_count,
        services.last_refund_at,
        services.last_delivery_at,

        coalesce(service_contacts.support_call_count, 0) as support_call_count,
        coalesce(service_contacts.ticket_count, 0) as ticket_count,
        coalesce(service_contacts.open_ticket_count, 0) as open_ticket_count,
        service_contacts.last_service_contact_at,

        coalesce(opportunities.open_opportunity_count, 0) as open_opportunity_count,
        coalesce(opportunities.won_opportunity_count, 0) as won_opportunity_count,
        cast(coalesce(opportunities.open_opportunity_amount, 0) as {{ t_money() }})
            as open_opportunity_amount,
        cast(coalesce(opportunities.won_opportunity_amount, 0) as {{ t_money() }})
            as won_opportunity_amount,

        coalesce(consents.analytics_consent, 'unknown') as analytics_consent,
        coalesce(consents.personalisation_consent, 'unknown') as personalisation_consent,
        coalesce(consents.email_marketing_consent, 'unknown') as email_marketing_consent,
        coalesce(consents.sms_marketing_consent, 'unknown') as sms_marketing_consent,
        coalesce(consents.phone_marketing_consent, 'unknown') as phone_marketing_consent,
        coalesce(consents.post_marketing_consent, 'unknown') as post_marketing_consent,
        coalesce(consents.ads_consent, 'unknown') as ads_consent,
        coalesce(consents.ad_data_sharing_consent, 'unknown') as ad_data_sharing_consent,
        coalesce(consents.profiling_consent, 'unknown') as profiling_consent,
        coalesce(consents.service_consent, 'unknown') as service_consent,
        coalesce(consents.purpose_mask, 0) as purpose_mask,

        persons.created_at as recognised_at

    from persons

    cross join rules

    left join identities
        on persons.person_id = identities.person_id

    left join profiles
        on persons.person_id = profiles.person_id

    left join engagement
        on persons.person_id = engagement.person_id

    left join stages
        on persons.person_id = stages.person_id

    left join next_stages
        on persons.person_id = next_stages.person_id and next_stages.stage_order = 1

    left join purchases
        on persons.person_id = purchases.person_id

    left join services
        on persons.person_id = services.person_id

    left join service_contacts
        on persons.person_id = service_contacts.person_id

    left join opportunities
        on persons.person_id = opportunities.person_id

    left join consents
        on persons.person_id = consents.person_id

)

select * from joined
