{# How touchpoints of a person follow each other. Of one instant, the visit comes before what was
   done in it; kind and channel decide before the key, which is drawn anew with each person id. #}
{% macro touch_order(relation) -%}
    {{ relation }}.occurred_at asc,
    case when {{ relation }}.kind = 'session' then 0 else 1 end asc,
    {{ relation }}.kind asc,
    {{ relation }}.channel_group asc,
    {{ relation }}.touchpoint_id asc
{%- endmacro %}
