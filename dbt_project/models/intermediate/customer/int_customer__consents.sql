-- States per person and purpose over all channels: one denial denies, else one grant grants. The
-- mask has the bit of each granted purpose, so that several are asked for at once.
with

consents as (

    select * from {{ ref('consent_current') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

decided as (

    select
        consents.person_id,
        consents.purpose,
        purposes.purpose_mask,
        case
            when max(case when consents.state = 'denied' then 1 else 0 end) = 1 then 'denied'
            when max(case when consents.state = 'granted' then 1 else 0 end) = 1 then 'granted'
            else 'unknown'
        end as state

    from consents

    inner join purposes
        on consents.purpose = purposes.purpose

    group by consents.person_id, consents.purpose, purposes.purpose_mask

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
        max(case when purpose = 'service' then state end) as service_consent,
        cast(sum(case when state = 'granted' then purpose_mask else 0 end) as bigint)
            as purpose_mask

    from decided

    group by person_id

)

select * from pivoted
