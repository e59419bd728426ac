{# Type names that engines spell differently. #}
{% macro t_money() %}{{ return('numeric(18,2)' if target.type == 'postgres' else 'decimal(18,2)') }}{% endmacro %}
{% macro t_rate() %}{{ return('numeric(18,8)' if target.type == 'postgres' else 'decimal(18,8)') }}{% endmacro %}
{% macro t_ratio() %}{{ return('numeric(18,6)' if target.type == 'postgres' else 'decimal(18,6)') }}{% endmacro %}
{% macro t_double() %}{{ return('double precision' if target.type == 'postgres' else 'double') }}{% endmacro %}
{% macro t_text() %}{{ return('text' if target.type == 'postgres' else 'string') }}{% endmacro %}
