-- Each rate holds from its date to the next one of its currency, at most rate_max_age_days.
-- The reporting currency is worth itself on every day, whatever the table of rates covers.
with

exchange_rates as (

    select * from {{ ref('exchange_rates') }}

),

rules as (

    select
        {{ setting('rate_max_age_days') }} as max_age_days,
        {{ setting_text('reporting_currency') }} as reporting_currency

),

ordered as (

    select
        exchange_rates.currency,
        exchange_rates.reporting_currency,
        exchange_rates.rate,
        exchange_rates.rate_date as valid_from,
        lead(exchange_rates.rate_date) over (
            partition by exchange_rates.currency
            order by exchange_rates.rate_date asc
        ) as next_date,
        {{ add_days('exchange_rates.rate_date', 'rules.max_age_days') }} as stale_date

    from exchange_rates

    inner join rules
        on
            exchange_rates.reporting_currency = rules.reporting_currency
            and exchange_rates.currency <> rules.reporting_currency

),

dated as (

    select
        currency,
        reporting_currency,
        rate,
        valid_from,
        case when next_date < stale_date then next_date else stale_date end as valid_to

    from ordered

),

own as (

    select
        reporting_currency as currency,
        reporting_currency,
        cast(1 as {{ t_rate() }}) as rate,
        cast('0001-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to

    from rules

),

combined as (

    select * from dated

    union all

    select * from own

)

select * from combined
