{# Apply the operator that a rule line names to a value and its threshold, both numbers. #}
{% macro compare(value, operator, threshold) -%}
    case {{ operator }}
        when '>=' then {{ value }} >= {{ threshold }}
        when '>' then {{ value }} > {{ threshold }}
        when '=' then {{ value }} = {{ threshold }}
        when '<>' then {{ value }} <> {{ threshold }}
        when '<' then {{ value }} < {{ threshold }}
        when '<=' then {{ value }} <= {{ threshold }}
    end
{%- endmacro %}
