with

record_signals as (

    select * from {{ ref('int_lifecycle__record_signals') }}

),

person_signals as (

    select * from {{ ref('int_lifecycle__person_signals') }}

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

derived_rules as (

    select * from {{ ref('derived_signals') }}

),

clock as (

    select {{ as_of() }} as as_of

),

keyed as (

    select
        record_signals.signal,
        record_signals.source_system,
        record_signals.reference_id,
        links.person_id,
        cast(null as {{ t_money() }}) as reporting_amount,
        record_signals.occurred_at

    from record_signals

    inner join links
        on
            record_signals.subject_key = links.subject_key
            and record_signals.occurred_at >= links.valid_from
            and record_signals.occurred_at < links.valid_to

    union all

    select
        signal,
        source_system,
        reference_id,
        person_id,
        reporting_amount,
        occurred_at
    from person_signals

),

past as (

    select keyed.*

    from keyed

    cross join clock

    where keyed.occurred_at <= clock.as_of

),

ranked as (

    select
        person_id,
        signal,
        source_system,
        reference_id,
        reporting_amount,
        occurred_at,
        row_number() over occurrences as occurrence,
        lag(occurred_at) over occurrences as previous_at

    from past

    where signal in (select derived_rules.from_signal from derived_rules)

    window occurrences as (
        partition by person_id, signal
        order by occurred_at asc, reference_id asc
    )

),

derived as (

    select
        derived_rules.signal,
        ranked.source_system,
        ranked.reference_id,
        ranked.person_id,
        ranked.reporting_amount,
        ranked.occurred_at

    from ranked

    inner join derived_rules
        on
            ranked.signal = derived_rules.from_signal
            and (derived_rules.nth is null or ranked.occurrence = derived_rules.nth)
            and (
                derived_rules.min_gap_days is null
                or {{ days_between('ranked.previous_at', 'ranked.occurred_at') }}
                >= derived_rules.min_gap_days
            )

),

complete as (

    select
        signal,
        source_system,
        reference_id,
        person_id,
        reporting_amount,
        occurred_at
    from past

    union all

    select
        signal,
        source_system,
        reference_id,
        person_id,
        reporting_amount,
        occurred_at
    from derived

)

select * from complete
