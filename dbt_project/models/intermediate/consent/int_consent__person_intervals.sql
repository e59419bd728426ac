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

{# What may be done with a person, for every moment since anything was recorded: one refusal in
   force denies, else one unconfirmed opt-in leaves it open, else one grant grants, else the policy
   of their country speaks. Counts how many answers of each kind are in force from one moment at
   which any starts or ends to the next; equal neighbours are one interval. #}

{%- set kinds = ['withdraw', 'object', 'gpc', 'deny', 'pending', 'granted'] %}

with

touched as {{ once() }}(

    {{ touched_holders(ref('int_consent__person_inputs'), 'person_id') }}

),

answers as (

    select
        answers.person_id,
        touched.holder_state,
        answers.purpose,
        answers.channel,
        case when answers.state = 'denied' then answers.reason else answers.state end as kind,
        answers.valid_from,
        answers.valid_to

    from {{ ref('int_consent__person_answers') }} as answers

    inner join touched
        on answers.person_id = touched.person_id

),

ends as (

    select 'from' as which
    union all
    select 'to' as which
    union all
    select 'always' as which

),

steps as (

    select
        answers.person_id,
        answers.holder_state,
        answers.purpose,
        answers.channel,
        answers.kind,
        case ends.which
            when 'from' then answers.valid_from
            when 'to' then answers.valid_to
            else {{ beginning_of_time() }}
        end as changed_at,
        case ends.which when 'from' then 1 when 'to' then -1 else 0 end as step

    from answers

    cross join ends

),

moments as (

    select
        person_id,
        purpose,
        changed_at,
        {% for kind in kinds -%}
            sum(case when kind = '{{ kind }}' then step else 0 end) as {{ kind }}_step,
        {% endfor -%}
        max(holder_state) as holder_state,
        max(channel) as channel

    from steps

    where changed_at < {{ end_of_time() }}

    group by person_id, purpose, changed_at

),

counted as (

    select
        person_id,
        {% for kind in kinds -%}
            sum({{ kind }}_step) over running as {{ kind }}_count,
        {% endfor -%}
        holder_state,
        purpose,
        channel,
        changed_at

    from moments

    window
        running as (
            partition by person_id, purpose order by changed_at
            rows between unbounded preceding and current row
        )

),

reasoned as (

    select
        person_id,
        holder_state,
        purpose,
        channel,
        changed_at,
        case
            {% for kind in kinds -%}
                when {{ kind }}_count > 0 then '{{ 'grant' if kind == 'granted' else kind }}'
            {% endfor -%}
            when changed_at > {{ beginning_of_time() }} then 'lapsed'
            else 'default'
        end as reason

    from counted

),

compared as (

    select
        *,
        lag(reason) over (partition by person_id, purpose order by changed_at) as previous_reason

    from reasoned

),

coalesced as (

    select
        person_id,
        purpose,
        holder_state,
        channel,
        reason,
        changed_at as valid_from,
        lead(changed_at, 1, {{ end_of_time() }}) over (
            partition by person_id, purpose order by changed_at
        ) as valid_to

    from compared

    where previous_reason is null or reason <> previous_reason

),

named as (

    select
        coalesced.person_id,
        coalesced.purpose,
        coalesced.channel,
        case coalesced.reason
            when 'grant' then 'granted'
            when 'pending' then 'unknown'
            when 'lapsed' then policies.default_state
            when 'default' then policies.default_state
            else 'denied'
        end as state,
        coalesced.reason,
        coalesced.holder_state,
        coalesced.valid_from,
        coalesced.valid_to

    from coalesced

    inner join {{ ref('int_consent__person_policies') }} as policies
        on
            coalesced.person_id = policies.person_id
            and coalesced.purpose = policies.purpose

)

select * from named
