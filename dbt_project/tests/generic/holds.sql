{# A condition holds for every row; null counts as not holding. #}
{% test holds(model, condition) %}

select *

from {{ model }}

where not coalesce({{ condition }}, false)

{% endtest %}
