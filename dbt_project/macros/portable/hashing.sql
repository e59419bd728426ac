{# Hashes that every engine computes alike. #}

{% macro hash_int(e) -%}
    {%- if target.type == 'postgres' -%} cast(cast(('x' || substr(md5({{ e }}), 1, 14)) as bit(56)) as bigint)
    {%- else -%} cast(conv(substr(md5({{ e }}), 1, 14), 16, 10) as bigint)
    {%- endif -%}
{%- endmacro %}

{# A text key from several columns; null and empty differ. #}
{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as {{ t_text() }}), '~'){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}
