{# A number that is another one when any line of the rules is that states follow from. A test keeps
   the columns whole. #}
{% macro consent_rules_key() -%}
    {{ rules_key({
        'purposes': ['purpose', 'purpose_mask', 'channel', 'is_marketing', 'denial_scope'],
        'consent_actions': ['action', 'state', 'strictness', 'is_sticky'],
        'consent_jurisdictions': ['jurisdiction', 'policy_code'],
        'consent_policy': [
            'policy_code', 'purpose', 'channel', 'default_state', 'lawful_basis',
            'validity_days', 'implied_validity_days', 'minimum_age',
        ],
        'consent_legal_bases': ['system', 'value', 'legal_basis', 'is_implied'],
        'consent_notice_purposes': ['notice_version', 'purpose'],
    }) }}
{%- endmacro %}
