{# The columns of consent.events that an observation fills, in one place for every source. #}
{% macro consent_event_columns() -%}
    {{ return([
        'event_id', 'subject_key', 'subject_scope', 'purpose', 'channel', 'action', 'kind',
        'legal_basis', 'jurisdiction', 'jurisdiction_source', 'age_band', 'source', 'source_key',
        'capture_method', 'notice_version', 'proof_sha256', 'consent_string', 'key_version',
        'is_authenticated', 'occurred_at', 'received_at', 'expires_at', 'double_opt_in_at',
    ]) }}
{%- endmacro %}

{# Identity of an observation: what a source said, about whom, and when by its own time. An undated
   state has no time of its own, so the moment it was received tells it from the one before. #}
{% macro consent_event_id(source) -%}
    md5(
        '{{ source }}|' || subject_key || '|' || purpose || '|' || action || '|' || capture_method
        || '|' || cast({{ epoch_us('coalesce(occurred_at, received_at)') }} as {{ t_text() }})
        || case when occurred_at is null then '|undated' else '' end
    )
{%- endmacro %}
