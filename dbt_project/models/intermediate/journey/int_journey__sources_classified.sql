with

sessions as (

    select * from {{ ref('int_journey__sessions') }}

),

click_ids as (

    select * from {{ ref('click_ids') }}

),

categories as (

    select * from {{ ref('source_categories') }}

),

channel_rules as (

    select * from {{ ref('channel_rules') }}

),

arrivals as (

    select distinct
        coalesce(referrer_type, '') as referrer_type,
        coalesce(referrer_host, '') as referrer_host,
        coalesce(campaign_name, '') as campaign_name,
        coalesce(campaign_source, '') as campaign_source,
        coalesce(campaign_medium, '') as campaign_medium,
        coalesce(click_id_type, '') as click_id_type

    from sessions

),

resolved as (

    select
        arrivals.*,
        case
            when arrivals.campaign_source <> '' then arrivals.campaign_source
            when click_ids.source is not null then click_ids.source
            when arrivals.campaign_name <> '' then '(not set)'
            when arrivals.referrer_host <> '' then arrivals.referrer_host
            when arrivals.referrer_type in ('', 'direct') then '(direct)'
            else '(not set)'
        end as source,
        case
            when
                click_ids.medium is not null
                and arrivals.campaign_medium in ('', '(none)', '(not set)', 'organic')
                then click_ids.medium
            when arrivals.campaign_medium <> '' then arrivals.campaign_medium
            when arrivals.campaign_source <> '' or arrivals.campaign_name <> '' then '(not set)'
            when arrivals.referrer_type = 'search' then 'organic'
            when arrivals.referrer_host <> '' then 'referral'
            when arrivals.referrer_type in ('', 'direct') then '(none)'
            else '(not set)'
        end as medium

    from arrivals

    left join click_ids
        on arrivals.click_id_type = click_ids.click_id_type

),

distinct_sources as (

    select distinct source from resolved

),

matched_sources as (

    select
        distinct_sources.source,
        categories.category,
        row_number() over (
            partition by distinct_sources.source
            order by
                case categories.match when 'domain' then 0 else 1 end asc,
                length(categories.source) desc,
                categories.source asc,
                categories.category asc
        ) as match_rank

    from distinct_sources

    inner join categories
        on
            (
                categories.match = 'domain'
                and (
                    distinct_sources.source = categories.source
                    or distinct_sources.source like '%.' || categories.source
                )
            )
            or (
                categories.match = 'brand'
                and '.' || distinct_sources.source || '.' like '%.' || categories.source || '.%'
            )

),

categorised as (

    select
        resolved.*,
        matched_sources.category as source_category

    from resolved

    left join matched_sources
        on resolved.source = matched_sources.source and matched_sources.match_rank = 1

),

ruled as (

    select
        categorised.*,
        channel_rules.channel_group,
        channel_rules.is_paid,
        row_number() over (
            partition by
                categorised.referrer_type,
                categorised.referrer_host,
                categorised.campaign_name,
                categorised.campaign_source,
                categorised.campaign_medium,
                categorised.click_id_type
            order by channel_rules.priority asc nulls last
        ) as rule_rank

    from categorised

    left join channel_rules
        on
            (
                channel_rules.source_pattern is null
                or {{ regex_matches('categorised.source', 'channel_rules.source_pattern') }}
            )
            and (
                channel_rules.source_category is null
                or categorised.source_category = channel_rules.source_category
            )
            and (
                channel_rules.medium_pattern is null
                or {{ regex_matches('categorised.medium', 'channel_rules.medium_pattern') }}
            )
            and (
                channel_rules.campaign_pattern is null
                or {{ regex_matches(
                    'lower(categorised.campaign_name)', 'channel_rules.campaign_pattern'
                ) }}
            )

),

classified as (

    select
        referrer_type,
        referrer_host,
        campaign_name,
        campaign_source,
        campaign_medium,
        click_id_type,
        source,
        medium,
        coalesce(source_category, 'other') as source_category,
        coalesce(channel_group, 'Unassigned') as channel_group,
        coalesce(is_paid, 0) = 1 as is_paid

    from ruled

    where rule_rank = 1

)

select * from classified
