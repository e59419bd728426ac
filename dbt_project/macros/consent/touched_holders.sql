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

{# Whom of a relation of inputs this model holds no rows of that were made from today's inputs;
   everybody on a full build. The number alone is compared: it tells its holder from all others. #}
{% macro is_touched(inputs) -%}
    {%- if is_incremental() -%}
        not exists (
            select 1
            from {{ this }} as known
            where known.holder_state = {{ inputs }}.holder_state
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Before an increment: drop what was made from other inputs than today's, be it that its holder is
   gone. What is said of the holder now is added in the same transaction. #}
{% macro forget_outdated(inputs) -%}
delete from {{ this }}
where not exists (
    select 1
    from {{ inputs }} as inputs
    where inputs.holder_state = {{ this.identifier }}.holder_state
)
{%- endmacro %}

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
