{# ISO country, with the region behind a hyphen where one is known; null when nothing is. #}
{% macro consent_jurisdiction(country, region) -%}
    upper({{ country }} || coalesce('-' || {{ region }}, ''))
{%- endmacro %}

{# Last step of a source's observations: the same columns, in the ledger's order. A *proven* source
   says which notice was shown and has a proof of each act. #}
{% macro consent_observations(relation, source, proven=false) -%}
{%- set text = t_text() -%}
    select
        {{ consent_event_id(source) }} as event_id,
        subject_key,
        subject_scope,
        purpose,
        channel,
        action,
        kind,
        legal_basis,
        jurisdiction,
        jurisdiction_source,
        age_band,
        source,
        source_key,
        capture_method,
        {{ 'notice_version' if proven else 'cast(null as ' ~ text ~ ') as notice_version' }},
        {{ 'proof_sha256' if proven else 'cast(null as ' ~ text ~ ') as proof_sha256' }},
        cast(null as {{ text }}) as consent_string,
        1 as key_version,
        false as is_authenticated,
        occurred_at,
        received_at,
        cast(null as timestamp) as expires_at,
        cast(null as timestamp) as double_opt_in_at

    from {{ relation }}
{%- endmacro %}
