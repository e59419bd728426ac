{# Stack models that share one shape: a vendor joins an entity by one more line in the list. #}
{% macro union_all(models, columns) -%}
    {% for model in models %}
    select
        {{ columns | join(',\n        ') }}
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
