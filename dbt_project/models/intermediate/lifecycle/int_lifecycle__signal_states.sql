{# Per person one number that everything about their signals, and the rules, go into. #}

with

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

summarised as (

    select
        person_id,
        {{ rows_digest(['signal', 'occurred_at', 'reporting_amount']) }} as told

    from signals

    group by person_id

),

rules as (

    select {{ rules_key({
        'lifecycle_rules': [
            'priority', 'stage', 'trait', 'measure', 'operator', 'threshold', 'window_days',
            'reason_code',
        ],
        'lifecycle_stages': [
            'stage', 'stage_rank', 'family', 'funnel_stage', 'hubspot_stage', 'is_optional',
        ],
    }) }} as rules_key

),

digested as (

    select
        summarised.person_id,
        {{ row_int(['summarised.person_id', 'summarised.told', 'rules.rules_key']) }}
            as holder_state

    from summarised

    cross join rules

)

select * from digested
