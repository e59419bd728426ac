{# CTEs ending in answers(person_number, purpose_mask, kind, valid_from, valid_to): what the answers
   of each key count for its person, a row per stretch of time, for those in a CTE named touched. An
   answer that counts nothing has no kind. *kind* is the refusal, or pending, or granted. #}
{% macro person_answers() -%}
{%- set told = [
    'subject_key', 'purpose', 'action', 'state', 'is_personal_grant', 'effective_at', 'lapses_at',
    'next_at', 'overruled_since',
] %}
kept as {{ once() }}(

    select
        touched.person_number,
        links.subject_key

    from touched

    inner join {{ ref('int_identity__person_links') }} as links
        on touched.person_id = links.person_id

    where
        links.valid_from = {{ beginning_of_time() }}
        and links.valid_to = {{ end_of_time() }}

),

said as (

    select
        kept.person_number,
        {% for column in told -%}
            events.{{ column }},
        {% endfor -%}
        {{ end_of_time() }} as held_until

    from kept

    inner join {{ ref('int_consent__effective_events') }} as events
        on kept.subject_key = events.subject_key
    {% if is_incremental() %}
        where {{ is_among('events.subject_key', 'select news.subject_key from kept as news') }}
    {%- endif %}

    union all

    select
        touched.person_number,
        {% for column in told -%}
            events.{{ column }},
        {% endfor -%}
        events.held_until

    from touched

    inner join {{ ref('int_consent__parted_events') }} as events
        on touched.person_id = events.person_id

),

held as {{ once() }}(

    select
        said.person_number,
        purposes.purpose_mask,
        {{ row_int([
            'said.person_number', 'purposes.purpose_mask', 'said.subject_key', 'said.effective_at',
        ]) }} as answer_number,
        case
            when said.overruled_since is not null then 'object'
            when said.state = 'denied' then said.action
            else said.state
        end as kind,
        case when said.state <> 'denied' then said.state end as lifted_kind,
        said.is_personal_grant,
        purposes.denial_scope = 'subject' as is_of_each_device,
        coalesce(
            said.overruled_since, case when said.state = 'denied' then said.effective_at end
        ) as denied_at,
        said.effective_at as valid_from,
        case
            when said.overruled_since is not null then said.next_at
            else {{ said_until('said', 'said.held_until') }}
        end as valid_to,
        {{ said_until('said', 'said.held_until') }} as lifted_until

    from said

    inner join purposes
        on said.purpose = purposes.purpose

    where
        said.effective_at < said.next_at
        and (said.overruled_since is not null or said.effective_at < {{ said_until('said', 'said.held_until') }})

),

personal_grants as (

    select
        person_number,
        purpose_mask,
        valid_from as granted_at

    from held

    where is_personal_grant

),

-- Which refusals a later authenticated act of the person set aside, and when.
lifts as (

    select
        held.answer_number,
        min(personal_grants.granted_at) as lifted_at

    from held

    inner join personal_grants
        on
            held.person_number = personal_grants.person_number
            and held.purpose_mask = personal_grants.purpose_mask
            and held.denied_at < personal_grants.granted_at

    where held.denied_at is not null

    group by held.answer_number

),

-- A refusal by any key counts for the whole person, unless the purpose is declared to be a matter
-- of each device. Once it is lifted, what the key says besides counts.
answers as (

    select
        held.person_number,
        held.purpose_mask,
        case
            when not held.is_of_each_device or held.kind not in ('deny', 'withdraw') then held.kind
        end as kind,
        held.valid_from,
        least(held.valid_to, coalesce(lifts.lifted_at, held.valid_to)) as valid_to

    from held

    left join lifts
        on held.answer_number = lifts.answer_number

    where lifts.lifted_at is null or held.valid_from < lifts.lifted_at

    union all

    select
        held.person_number,
        held.purpose_mask,
        held.lifted_kind as kind,
        greatest(held.valid_from, lifts.lifted_at) as valid_from,
        held.lifted_until as valid_to

    from held

    inner join lifts
        on held.answer_number = lifts.answer_number

    where held.lifted_until > greatest(held.valid_from, lifts.lifted_at)

)
{%- endmacro %}
