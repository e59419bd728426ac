with

orders as (

    select *

    from {{ ref('int_commerce__orders') }}

    where person_id is not null and is_counted

),

purchases as (

    select * from {{ ref('int_customer__purchases') }}

),

services as (

    select * from {{ ref('int_customer__services') }}

),

scores as (

    select * from {{ ref('rfm_scores') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

rules as (

    select
        {{ as_of() }} as as_of,
        {{ setting_text('business_time_zone') }} as time_zone,
        {{ setting_text('reporting_currency') }} as reporting_currency

),

gaps as (

    select
        person_id,
        cast(
            avg({{ days_between('previous_ordered_at', 'ordered_at') }}) as {{ t_money() }}
        ) as average_gap_days

    from orders

    where previous_ordered_at is not null

    group by person_id

),

valued as (

    select
        purchases.person_id,
        rules.reporting_currency,
        {{ month_of(local_date('purchases.first_order_at', 'rules.time_zone')) }} as cohort_month,
        purchases.order_count,
        coalesce(services.refund_count, 0) as refund_count,
        purchases.unconverted_order_count,
        coalesce(services.unconverted_refund_count, 0) as unconverted_refund_count,
        cast(coalesce(purchases.order_amount, 0) as {{ t_money() }}) as order_amount,
        cast(coalesce(services.refund_amount, 0) as {{ t_money() }}) as refund_amount,
        cast(
            coalesce(purchases.order_amount, 0) - coalesce(services.refund_amount, 0)
            as {{ t_money() }}
        ) as net_order_amount,
        cast(
            purchases.order_amount
            / nullif(purchases.order_count - purchases.unconverted_order_count, 0)
            as {{ t_money() }}
        ) as average_order_amount,
        gaps.average_gap_days,
        {{ days_between('purchases.last_order_at', 'rules.as_of') }} as recency_days,
        purchases.first_order_at,
        purchases.last_order_at

    from purchases

    cross join rules

    left join services
        on purchases.person_id = services.person_id

    left join gaps
        on purchases.person_id = gaps.person_id

),

scored as (

    select
        valued.person_id,
        min(case when scores.measure = 'recency_days' then scores.score end) as recency_score,
        max(case when scores.measure = 'frequency' then scores.score end) as frequency_score,
        max(case when scores.measure = 'monetary' then scores.score end) as monetary_score

    from valued

    inner join scores
        on
            scores.from_value <= case scores.measure
                when 'recency_days' then valued.recency_days
                when 'frequency' then valued.order_count
                when 'monetary' then valued.net_order_amount
            end

    group by valued.person_id

),

named as (

    select
        scored.person_id,
        segments.rfm_segment,
        row_number() over (
            partition by scored.person_id order by segments.priority asc
        ) as segment_rank

    from scored

    inner join segments
        on
            scored.recency_score >= segments.min_recency_score
            and scored.recency_score <= segments.max_recency_score
            and scored.frequency_score >= segments.min_frequency_score
            and scored.frequency_score <= segments.max_frequency_score

),

joined as (

    select
        valued.person_id,
        named.rfm_segment,
        valued.reporting_currency,
        valued.order_count,
        valued.refund_count,
        valued.unconverted_order_count,
        valued.unconverted_refund_count,
        cast(coalesce(scored.recency_score, 1) as int) as recency_score,
        cast(coalesce(scored.frequency_score, 1) as int) as frequency_score,
        cast(coalesce(scored.monetary_score, 1) as int) as monetary_score,
        valued.order_amount,
        valued.refund_amount,
        valued.net_order_amount,
        valued.average_order_amount,
        valued.average_gap_days,
        valued.cohort_month,
        valued.first_order_at,
        valued.last_order_at

    from valued

    left join scored
        on valued.person_id = scored.person_id

    left join named
        on valued.person_id = named.person_id and named.segment_rank = 1

)

select * from joined
