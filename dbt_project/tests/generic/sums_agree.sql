{# The sum of an expression over one relation equals the sum of another over a second. #}
{% test sums_agree(
    model, expression, other, other_expression, condition="true", other_condition="true"
) %}

with

ours as (

    select coalesce(sum({{ expression }}), 0) as total from {{ model }} where {{ condition }}

),

theirs as (

    select coalesce(sum({{ other_expression }}), 0) as total
    from {{ other }}
    where {{ other_condition }}

),

differing as (

    select
        ours.total as our_total,
        theirs.total as their_total

    from ours

    cross join theirs

    where ours.total <> theirs.total

)

select * from differing

{% endtest %}
