{{ config(materialized='view') }}

with

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

summarised as (

    select
        person_id,
        cast(count(*) as {{ t_text() }}) || '|' || cast(
            sum(
                cast(
                    {{ hash_int(
                        "signal || '|' || cast(" ~ epoch_us('occurred_at') ~ " as " ~ t_text()
                        ~ ") || '|' || coalesce(cast(reporting_amount as " ~ t_text() ~ "), '')"
                    ) }} as numeric(38, 0)
                )
            ) as {{ t_text() }}
        ) as signal_state

    from signals

    group by person_id

)

select * from summarised
