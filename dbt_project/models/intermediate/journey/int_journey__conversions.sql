with

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

conversion_rules as (

    select * from {{ ref('conversion_rules') }}

),

rules as (

    select
        {{ setting_text('business_time_zone') }} as time_zone,
        {{ setting_text('reporting_currency') }} as reporting_currency

),

converted as (

    select
        {{ surrogate_key([
            'conversion_rules.conversion', 'signals.source_system', 'signals.reference_id',
            'signals.person_id',
        ]) }} as conversion_id,
        signals.person_id,
        conversion_rules.conversion,
        signals.source_system,
        signals.reference_id,
        rules.reporting_currency,
        conversion_rules.lookback_days,
        cast(
            case conversion_rules.value_from
                when 'amount' then signals.reporting_amount
                when 'fixed' then conversion_rules.fixed_value
            end as {{ t_money() }}
        ) as value_amount,
        conversion_rules.is_revenue = 1 as is_revenue,
        {{ local_date('signals.occurred_at', 'rules.time_zone') }} as converted_date,
        signals.occurred_at as converted_at

    from signals

    inner join conversion_rules
        on signals.signal = conversion_rules.signal

    cross join rules

)

select * from converted
