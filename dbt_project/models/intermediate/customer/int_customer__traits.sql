with

traits as (

    select * from {{ ref('traits') }}

),

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

documents as (

    select * from {{ ref('int_customer__documents') }}

),

records as (

    select * from {{ ref('int_customer__records') }}

),

clock as (

    select {{ as_of() }} as as_of

),

-- Traits of one signal and window differ in what they tell of it only.
looked_at as {{ once() }}(

    select distinct
        traits.source as signal,
        traits.window_days,
        case
            when traits.window_days is null then {{ beginning_of_time() }}
            else {{ ts_add('day', '-traits.window_days', 'clock.as_of') }}
        end as looked_back_to

    from traits

    cross join clock

    where traits.origin = 'signal'

),

tallied as (

    select
        signals.person_id,
        looked_at.signal,
        looked_at.window_days,
        count(*) as signal_count,
        sum(signals.reporting_amount) as amount,
        min(signals.occurred_at) as first_at,
        max(signals.occurred_at) as latest_at

    from signals

    inner join looked_at
        on
            signals.signal = looked_at.signal
            and signals.occurred_at > looked_at.looked_back_to

    group by signals.person_id, looked_at.signal, looked_at.window_days

),

counted as (

    select
        tallied.person_id,
        traits.trait,
        cast(
            case traits.aggregation
                when 'count' then tallied.signal_count
                when 'sum' then coalesce(tallied.amount, 0)
            end as {{ t_ratio() }}
        ) as value_number,
        case traits.aggregation
            when 'latest' then tallied.latest_at
            when 'first' then tallied.first_at
        end as value_at,
        tallied.latest_at as observed_at

    from traits

    inner join tallied
        on
            traits.source = tallied.signal
            and traits.window_days is not distinct from tallied.window_days

    where traits.origin = 'signal'

),

read_values as (

    select
        records.person_id,
        traits.trait,
        traits.aggregation,
        traits.data_type,
        documents.record_id,
        documents.updated_at,
        case traits.origin
            when 'extra' then {{ json_text('documents.extra', 'traits.field') }}
            else {{ json_text('documents.document', 'traits.field') }}
        end as value

    from traits

    cross join clock

    inner join documents
        on
            traits.source = documents.source
            and (
                traits.window_days is null
                or documents.updated_at
                > {{ ts_add('day', '-traits.window_days', 'clock.as_of') }}
            )

    inner join records
        on
            documents.source_system = records.source_system
            and documents.record_id = records.record_id

    where traits.origin in ('field', 'extra')

),

ranked as (

    select
        *,
        row_number() over (
            partition by person_id, trait
            order by
                case when aggregation = 'first' then updated_at end asc nulls last,
                case when aggregation = 'max' then {{ to_number('value') }} end desc nulls last,
                case when aggregation = 'min' then {{ to_number('value') }} end asc nulls last,
                updated_at desc nulls last,
                record_id asc
        ) as value_rank,
        count(*) over (partition by person_id, trait) as value_count,
        sum(case when aggregation = 'sum' then {{ to_number('value') }} end)
            over (partition by person_id, trait) as value_sum

    from read_values

    where value is not null and value <> ''

),

chosen as (

    select
        person_id,
        trait,
        case when aggregation in ('count', 'sum') then null else substr(value, 1, 200) end
            as value_text,
        cast(
            case
                when aggregation = 'count' then value_count
                when aggregation = 'sum' then value_sum
                when data_type = 'number' then {{ to_number('value') }}
            end as {{ t_ratio() }}
        ) as value_number,
        updated_at as observed_at

    from ranked

    where value_rank = 1

),

stacked as (

    select
        person_id,
        trait,
        cast(null as {{ t_text() }}) as value_text,
        value_number,
        value_at,
        observed_at
    from counted

    union all

    select
        person_id,
        trait,
        value_text,
        value_number,
        cast(null as timestamp) as value_at,
        observed_at
    from chosen

)

select * from stacked
