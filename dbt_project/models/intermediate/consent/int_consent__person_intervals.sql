{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='append',
    unique_key=['person_id', 'purpose', 'valid_from'],
    on_schema_change='fail',
    indexes=[{'columns': ['person_id']}],
    pre_hook="{{ forget_outdated(ref('int_consent__person_inputs')) if is_incremental() }}"
) }}

{# What may be done with a person, for every moment since anything was recorded: one refusal in
   force denies, else one unconfirmed opt-in leaves it open, else one grant grants, else the policy
   of their country speaks. Counts how many answers of each kind are in force from one moment at
   which any starts or ends to the next; equal neighbours are one interval. Within the statement a
   number stands for the person: narrower, and cheaper to sort than ids that begin alike. #}

{%- set kinds = ['withdraw', 'object', 'gpc', 'deny', 'pending', 'granted'] %}

with

touched as {{ once() }}(

    select
        row_number() over (order by inputs.person_id) as person_number,
        inputs.person_id,
        inputs.jurisdiction,
        inputs.lowest_age,
        inputs.holder_state

    from {{ ref('int_consent__person_inputs') }} as inputs

    where {{ is_touched('inputs') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

places as (

    select distinct
        jurisdiction,
        lowest_age

    from touched

),

-- What the policy of each place says by itself, as bits of purposes.
defaults as (

    select
        places.jurisdiction,
        places.lowest_age,
        bit_or(purposes.purpose_mask) as known_mask,
        bit_or(
            case {{ policy_default('places', 'policies') }}
                when 'granted' then purposes.purpose_mask else 0
            end
        ) as granted_mask,
        bit_or(
            case {{ policy_default('places', 'policies') }}
                when 'denied' then purposes.purpose_mask else 0
            end
        ) as denied_mask

    from places

    inner join {{ ref('int_consent__policies') }} as policies
        on places.jurisdiction = policies.jurisdiction

    inner join purposes
        on policies.purpose = purposes.purpose

    group by places.jurisdiction, places.lowest_age

),

persons as {{ once() }}(

    select
        touched.person_number,
        touched.person_id,
        defaults.known_mask,
        defaults.granted_mask,
        defaults.denied_mask,
        touched.holder_state

    from touched

    inner join defaults
        on
            touched.jurisdiction = defaults.jurisdiction
            and coalesce(touched.lowest_age, -1) = coalesce(defaults.lowest_age, -1)

),

{{ person_answers() }},

ends as (

    select 'from' as which
    union all
    select 'to' as which

),

steps as (

    select
        answers.person_number,
        answers.purpose_mask,
        answers.kind,
        case ends.which when 'from' then answers.valid_from else answers.valid_to end as changed_at,
        case ends.which when 'from' then 1 else -1 end as step

    from answers

    inner join ends
        on ends.which = 'from' or answers.valid_to < {{ end_of_time() }}

),

-- What changes at one moment is counted together.
counted as (

    select
        {% for kind in kinds -%}
            sum(case when kind = '{{ kind }}' then step else 0 end) over running
                as {{ kind }}_count,
        {% endfor -%}
        person_number,
        purpose_mask,
        changed_at

    from steps

    window running as (partition by person_number, purpose_mask order by changed_at)

),

reasoned as (

    select
        person_number,
        purpose_mask,
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
        lag(reason) over (
            partition by person_number, purpose_mask order by changed_at
        ) as previous_reason

    from reasoned

),

coalesced as (

    select
        person_number,
        purpose_mask,
        reason,
        previous_reason is null and changed_at > {{ beginning_of_time() }} as is_first,
        changed_at as valid_from,
        lead(changed_at, 1, {{ end_of_time() }}) over (
            partition by person_number, purpose_mask order by changed_at
        ) as valid_to

    from compared

    where previous_reason is null or reason <> previous_reason

),

parts as (

    select true as is_before
    union all
    select false as is_before

),

stretches as (

    select
        coalesced.person_number,
        coalesced.purpose_mask,
        case when parts.is_before then 'default' else coalesced.reason end as reason,
        case when parts.is_before then {{ beginning_of_time() }} else coalesced.valid_from end
            as valid_from,
        case when parts.is_before then coalesced.valid_from else coalesced.valid_to end as valid_to

    from coalesced

    inner join parts
        on coalesced.is_first or not parts.is_before

),

named as (

    select
        persons.person_id,
        purposes.purpose,
        purposes.channel,
        case
            when stretches.reason = 'grant' then 'granted'
            when stretches.reason = 'pending' then 'unknown'
            when stretches.reason not in ('lapsed', 'default') then 'denied'
            when persons.granted_mask & stretches.purpose_mask <> 0 then 'granted'
            when persons.denied_mask & stretches.purpose_mask <> 0 then 'denied'
            else 'unknown'
        end as state,
        stretches.reason,
        persons.holder_state,
        stretches.valid_from,
        stretches.valid_to

    from stretches

    inner join persons
        on stretches.person_number = persons.person_number

    inner join purposes
        on stretches.purpose_mask = purposes.purpose_mask

    where persons.known_mask & stretches.purpose_mask <> 0

)

select * from named
