{# A number that is another one when any line of the rules is that states follow from. A test keeps
   the columns whole. #}
{% macro consent_rules_key() -%}
    {%- set rules = {
        'purposes': ['purpose', 'purpose_mask', 'channel', 'is_marketing', 'denial_scope'],
        'consent_actions': ['action', 'state', 'strictness', 'is_sticky'],
        'consent_jurisdictions': ['jurisdiction', 'policy_code'],
        'consent_policy': [
            'policy_code', 'purpose', 'channel', 'default_state', 'lawful_basis',
            'validity_days', 'implied_validity_days', 'minimum_age',
        ],
        'consent_legal_bases': ['system', 'value', 'legal_basis', 'is_implied'],
        'consent_notice_purposes': ['notice_version', 'purpose'],
    } -%}
    (
        select sum(digests.digest)
        from (
            {% for seed, columns in rules.items() -%}
            select cast(
                {{ hash_int("'" ~ seed ~ "' || " ~ surrogate_key(columns)) }} as numeric(38, 0)
            ) as digest
            from {{ ref(seed) }}
            {% if not loop.last -%} union all {% endif %}
            {%- endfor %}
        ) as digests
    )
{%- endmacro %}

{# Holders of a relation of inputs whose rows in this model were made from other inputs, or that
   have none; everybody on a full build. ``known_as`` is what this model calls the holder. #}
{% macro touched_holders(inputs, holder, known_as=none) -%}
    select
        inputs.{{ holder }},
        inputs.holder_state

    from {{ inputs }} as inputs
    {% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as known
        where
            known.{{ known_as or holder }} = inputs.{{ holder }}
            and known.holder_state = inputs.holder_state
    )
    {%- endif %}
{%- endmacro %}

{# After an increment: drop what was made from other inputs than today's, be it that nothing is
   left to say of its holder, or that the holder is gone. #}
{% macro forget_outdated(inputs, holder) -%}
delete from {{ this }}
where not exists (
    select 1
    from {{ inputs }} as inputs
    where inputs.{{ holder }} = {{ this.identifier }}.{{ holder }}
    and inputs.holder_state = {{ this.identifier }}.holder_state
)
{%- endmacro %}

{# After an increment: drop what an erasure redacted in the ledger since. #}
{% macro forget_redacted(ledger) -%}
delete from {{ this }}
where seq in (select events.seq from {{ ledger }} as events where events.redaction_id is not null)
{%- endmacro %}

{# … and what was timed by other rules than today's. #}
{% macro forget_untimely(ledger) -%}
delete from {{ this }}
where
    rules_state <> {{ consent_rules_key() }}
    or not exists (
        select 1 from {{ ledger }} as events where events.seq = {{ this.identifier }}.seq
    )
{%- endmacro %}
