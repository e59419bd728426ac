{# Foreign keys are part of a mart's contract and enforced where readers look, in the mart schemas.
   In core they would make every build wait for the lock on the table they point to, so the build
   leaves them out and relationship tests watch instead. #}
{% macro get_table_columns_and_constraints() -%}
    {%- set own = [] -%}
    {%- for constraint in model['constraints'] -%}
        {%- if constraint['type'] != 'foreign_key' -%}{%- do own.append(constraint) -%}{%- endif -%}
    {%- endfor %}
    (
        {% for line in adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
            {{ line }}{{ ',' if not loop.last or own }}
        {% endfor -%}
        {% for line in adapter.render_raw_model_constraints(raw_constraints=own) -%}
            {{ line }}{{ ',' if not loop.last }}
        {% endfor %}
    )
{%- endmacro %}
