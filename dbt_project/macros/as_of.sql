{# The instant this run looks from, UTC. Models never ask the server's clock. #}
{% macro as_of() -%}
    (select max(as_of) from {{ source('ops', 'clock') }})
{%- endmacro %}
