{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='person_id',
    on_schema_change='fail',
    indexes=[{'columns': ['person_id']}],
    post_hook="{{
        forget_outdated(ref('int_consent__person_inputs'), 'person_id') if is_incremental()
    }}"
) }}

{# The state of each person and purpose at the run's moment: what was recorded, and what the policy
   grants or denies by itself. Computed anew for whom something changed, and for whom the clock
   passed a boundary since (*looked_at* to *current_until*). #}

with

moment as (

    select {{ consent_moment() }} as looked_at

),

persons as {{ once() }}(

    select
        inputs.person_id,
        inputs.holder_state,
        moment.looked_at

    from {{ ref('int_consent__person_inputs') }} as inputs

    cross join moment
    {% if is_incremental() %}
        where not exists (
            select 1
            from {{ this }} as known
            where
                known.person_id = inputs.person_id
                and known.holder_state = inputs.holder_state
                and known.looked_at <= moment.looked_at
                and known.current_until > moment.looked_at
        )
    {%- endif %}

),

intervals as (

    select
        intervals.person_id,
        intervals.purpose,
        intervals.state,
        intervals.reason,
        intervals.valid_from,
        intervals.valid_to

    from {{ ref('int_consent__person_intervals') }} as intervals

    inner join persons
        on intervals.person_id = persons.person_id

    where
        intervals.valid_from <= persons.looked_at
        and intervals.valid_to > persons.looked_at

),

states as (

    select
        policies.person_id,
        policies.purpose,
        policies.channel,
        coalesce(intervals.state, policies.default_state) as state,
        coalesce(intervals.reason, 'default') as reason,
        policies.jurisdiction,
        policies.lawful_basis,
        coalesce(intervals.valid_from, {{ beginning_of_time() }}) as since,
        coalesce(intervals.valid_to, {{ end_of_time() }}) as lapses_at,
        persons.holder_state,
        persons.looked_at,
        intervals.person_id is not null as is_recorded

    from {{ ref('int_consent__person_policies') }} as policies

    inner join persons
        on policies.person_id = persons.person_id

    left join intervals
        on
            policies.person_id = intervals.person_id
            and policies.purpose = intervals.purpose

),

said as (

    select
        person_id,
        purpose,
        channel,
        state,
        reason,
        jurisdiction,
        lawful_basis,
        since,
        lapses_at,
        holder_state,
        looked_at,
        min(lapses_at) over (partition by person_id) as current_until

    from states

    where is_recorded or state <> 'unknown'

)

select * from said
