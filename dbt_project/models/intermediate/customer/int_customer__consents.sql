-- States per person and purpose over all channels: one denial denies, else one grant grants.
with

consents as (

    select * from {{ ref('consent_current') }}

),

decided as (

    select
        person_id,
        purpose,
        case
            when max(case when state = 'denied' then 1 else 0 end) = 1 then 'denied'
            when max(case when state = 'granted' then 1 else 0 end) = 1 then 'granted'
            else 'unknown'
        end as state

    from consents

    group by person_id, purpose

),

pivoted as (

    select
        person_id,
        max(case when purpose = 'analytics' then state end) as analytics_consent,
        max(case when purpose = 'personalisation' then state end) as personalisation_consent,
        max(case when purpose = 'email_marketing' then state end) as email_marketing_consent,
        max(case when purpose = 'sms_marketing' then state end) as sms_marketing_consent,
        max(case when purpose = 'phone_marketing' then state end) as phone_marketing_consent,
        max(case when purpose = 'post_marketing' then state end) as post_marketing_consent,
        max(case when purpose = 'ads' then state end) as ads_consent,
        max(case when purpose = 'ad_data_sharing' then state end) as ad_data_sharing_consent,
        max(case when purpose = 'profiling' then state end) as profiling_consent,
        max(case when purpose = 'service' then state end) as service_consent

    from decided

    group by person_id

)

select * from pivoted
