{# Purposes in the order of their bits; a test keeps this list equal to the seed `purposes`. #}
{% macro consent_purposes() -%}
    {{ return([
        'analytics', 'personalisation', 'email_marketing', 'sms_marketing', 'phone_marketing',
        'post_marketing', 'ads', 'ad_data_sharing', 'profiling', 'service',
    ]) }}
{%- endmacro %}
