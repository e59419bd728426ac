{{ config(group='privacy', indexes=[{'columns': ['person_id']}]) }}

{# What may be done with a person, for every moment since anything was recorded; where no key says
   anything, the policy of their country speaks. Equal neighbours are one interval. #}

with

evaluated as (

    select * from {{ ref('int_consent__person_verdicts') }}

),

policies as (

    select * from {{ ref('int_consent__person_policies') }}

),

named as (

    select
        evaluated.person_id,
        evaluated.purpose,
        evaluated.channel,
        evaluated.valid_from,
        evaluated.valid_to,
        case evaluated.verdict
            when 3 then 'denied'
            when 2 then 'unknown'
            when 1 then 'granted'
            else policies.default_state
        end as state,
        case
            when evaluated.verdict = 3 then evaluated.denied_reason
            when evaluated.verdict = 2 then 'pending'
            when evaluated.verdict = 1 then 'grant'
            when evaluated.slice_number > 1 then 'lapsed'
            else 'default'
        end as reason

    from evaluated

    inner join policies
        on
            evaluated.person_id = policies.person_id
            and evaluated.purpose = policies.purpose

),

compared as (

    select
        *,
        case
            when state = lag(state)
                over (
                    partition by person_id, purpose, channel order by valid_from
                )
            and reason = lag(reason) over (
                partition by person_id, purpose, channel order by valid_from
            ) then 0
            else 1
        end as is_change

    from named

),

numbered as (

    select
        *,
        sum(is_change) over (
            partition by person_id, purpose, channel
            order by valid_from rows between unbounded preceding and current row
        ) as run_number

    from compared

),

coalesced as (

    select
        person_id,
        purpose,
        channel,
        state,
        reason,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to

    from numbered

    group by person_id, purpose, channel, state, reason, run_number

)

select * from coalesced
