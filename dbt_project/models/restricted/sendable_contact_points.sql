{{ config(indexes=[{'columns': ['purpose', 'person_id']}, {'columns': ['ledger_seq']}]) }}

{# Whom the states of this build allow to reach, where. A grant stays on the address or number it
   was given for; one that was refused itself counts again once the person lifted the refusal, for
   then the person's state is granted in spite of it. *ledger_seq* is how far the build had read. #}

with

points as (

    select * from {{ ref('contact_points') }}

),

golden as (

    select * from {{ ref('contact_golden_records') }}

),

states as (

    select * from {{ ref('consent_current') }}
    where state = 'granted'

),

own_states as (

    select *

    from {{ ref('int_consent__subject_intervals') }}

    where
        valid_from <= {{ consent_moment() }}
        and valid_to > {{ consent_moment() }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

ledger as (

    select coalesce(max(seq), 0) as ledger_seq from {{ ref('int_consent__ledger_events') }}

),

reachable as (

    select
        states.person_id,
        states.purpose,
        states.channel,
        points.point_key,
        points.value,
        points.survival_rank

    from states

    inner join purposes
        on states.purpose = purposes.purpose

    inner join points
        on
            states.person_id = points.person_id
            and points.attribute = case states.channel when 'email' then 'email' else 'phone' end

    left join own_states
        on
            points.point_key = own_states.subject_key
            and states.purpose = own_states.purpose

    where
        states.channel in ('email', 'sms', 'phone')
        and (
            own_states.state = 'granted'
            or (own_states.state = 'denied' and purposes.denial_scope = 'person')
            or (own_states.state is null and states.reason <> 'grant')
        )

),

postal as (

    select
        states.person_id,
        states.purpose,
        states.channel,
        cast(null as {{ t_text() }}) as point_key,
        golden.street || ', ' || coalesce(golden.postal_code || ' ', '') || golden.city as value,
        1 as survival_rank

    from states

    inner join golden
        on states.person_id = golden.person_id

    where states.channel = 'post'

),

combined as (

    select * from reachable

    union all

    select * from postal

),

named as (

    select
        combined.person_id,
        combined.purpose,
        combined.channel,
        combined.point_key,
        combined.value,
        combined.survival_rank,
        golden.first_name,
        ledger.ledger_seq

    from combined

    cross join ledger

    left join golden
        on combined.person_id = golden.person_id

    where combined.value is not null

)

select * from named
