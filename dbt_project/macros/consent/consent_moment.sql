{# The moment that a state is current at: the run's own, or that of the ledger's last event where
   somebody spoke after the run began. A withdrawal never waits for the next run's clock. #}
{% macro consent_moment() -%}
    (
        select greatest(max(moments.latest_at), {{ as_of() }})
        from (
            select max(events.effective_at) as latest_at
            from {{ ref('int_consent__effective_events') }} as events
        ) as moments
    )
{%- endmacro %}
