{# Half-open intervals of one key fill all of time, none of it twice: each starts before it ends,
   one starts at the beginning, and every other starts where one ends. As many then cover any moment
   as cover the one before, from the first one on. Without sorting: a number stands for the key, and
   sums of others for the sets of starts and of ends. #}
{% test intervals_tile(model, key_columns, from_column="valid_from", to_column="valid_to") %}

select
    {{ row_int(key_columns) }} as key_number,
    count(*) as interval_count

from {{ model }}

group by {{ row_int(key_columns) }}

having
    count(case when {{ from_column }} < {{ to_column }} then 1 end) <> count(*)
    or count(case when {{ from_column }} = {{ beginning_of_time() }} then 1 end) <> 1
    or count(case when {{ to_column }} = {{ end_of_time() }} then 1 end) <> 1
    or sum(
        case
            when {{ from_column }} = {{ beginning_of_time() }} then 0
            else {{ moment_int(from_column) }}
        end
    ) <> sum(
        case
            when {{ to_column }} = {{ end_of_time() }} then 0
            else {{ moment_int(to_column) }}
        end
    )

{% endtest %}
