{# The order in which a key's events count: of what it said in one instant only the strictest, and
   of two grants the one that lapses first: a void one lifts nothing. #}
{% macro order_of_events() -%}
    effective_at asc, strictness asc, lapses_at desc, received_at asc, event_id asc
{%- endmacro %}

{# What follows an event, and which objection and authenticated grant came with it or before, over a
   window named running of one key and purpose (of one person) up to the event. #}
{% macro followed() -%}
    lead(effective_at, 1, {{ end_of_time() }}) over running as next_at,
    max(case when is_sticky then effective_at end) over running as objected_at,
    max(case when is_personal_grant then effective_at end) over running as personal_grant_at
{%- endmacro %}

{# Since when an objection overrules what an event says: it and a browser's opt-out signal stand
   until the person lifts them by an authenticated act. #}
{% macro overruled_since() -%}
    case
        when
            state <> 'denied'
            and (personal_grant_at is null or personal_grant_at <= objected_at) then objected_at
    end
{%- endmacro %}

{# Until when an event's own word holds: the next event follows, and a grant lapses, or ends with
   the key's holder. #}
{% macro said_until(event, held_until=none) -%}
    case
        when {{ event }}.state = 'granted' then least(
            {{ event }}.next_at,
            {{ event }}.lapses_at
            {%- if held_until %},
            {{ held_until }}
            {%- endif %}
        )
        else {{ event }}.next_at
    end
{%- endmacro %}

{# What the policy of a place says when nothing is in force. Someone too young has no opt-out
   default. #}
{% macro policy_default(person, policy) -%}
    case
        when
            {{ policy }}.default_state = 'granted'
            and {{ person }}.lowest_age < {{ policy }}.minimum_age then 'unknown'
        else {{ policy }}.default_state
    end
{%- endmacro %}
