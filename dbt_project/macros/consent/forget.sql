{# After an increment: drop what an erasure redacted in the ledger since. #}
{% macro forget_redacted(ledger) -%}
delete from {{ this }}
where seq in (select events.seq from {{ ledger }} as events where events.redaction_id is not null)
{%- endmacro %}

{# … and what was said of anybody at a moment after this run's, or ended by itself since. #}
{% macro forget_past() -%}
delete from {{ this }}
where person_id in (
    select known.person_id
    from {{ this }} as known
    cross join (select {{ consent_moment() }} as looked_at) as moment
    where known.looked_at > moment.looked_at or known.lapses_at <= moment.looked_at
)
{%- endmacro %}
