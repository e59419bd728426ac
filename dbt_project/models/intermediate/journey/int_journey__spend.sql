with

reported as (

    select * from {{ ref('stg_files__ad_spend') }}

),

booked as (

    select * from {{ ref('campaign_spend') }}

),

campaign_spend as (

    select
        spend_date,
        campaign_name,
        source,
        medium,
        spend_amount as amount,
        currency
    from reported

    union all

    select
        spend_date,
        campaign_name,
        source,
        medium,
        amount,
        currency
    from booked

),

rates as (

    select * from {{ ref('int_commerce__rates') }}

),

converted as (

    select
        campaign_spend.spend_date,
        campaign_spend.campaign_name,
        lower(campaign_spend.source) as source,
        lower(campaign_spend.medium) as medium,
        cast(sum(campaign_spend.amount * rates.rate) as {{ t_money() }}) as spend_amount,
        cast(sum(case when rates.rate is null then 1 else 0 end) as int) as unconverted_count

    from campaign_spend

    left join rates
        on
            campaign_spend.currency = rates.currency
            and campaign_spend.spend_date >= rates.valid_from
            and campaign_spend.spend_date < rates.valid_to

    group by
        campaign_spend.spend_date,
        campaign_spend.campaign_name,
        lower(campaign_spend.source),
        lower(campaign_spend.medium)

)

select * from converted
