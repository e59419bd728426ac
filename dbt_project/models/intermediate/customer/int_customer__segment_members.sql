-- A person is in a segment when all lines of one of its groups hold. A trait without a value
-- counts as 0 where a number is asked for and never equals a text.
with

persons as (

    select * from {{ ref('int_identity__persons') }}

),

traits as (

    select * from {{ ref('int_customer__traits') }}

),

trait_rules as (

    select * from {{ ref('traits') }}

),

rule_lines as (

    select * from {{ ref('segment_rules') }}

),

segment_rules as (

    select
        rule_lines.segment,
        rule_lines.rule_group,
        rule_lines.trait,
        rule_lines.operator,
        rule_lines.value as threshold_text,
        {{ to_number('rule_lines.value') }} as threshold_number,
        trait_rules.data_type

    from rule_lines

    inner join trait_rules
        on rule_lines.trait = trait_rules.trait

),

rule_sizes as (

    select
        segment,
        rule_group,
        count(*) as line_count,
        sum(
            case
                when
                    data_type = 'number'
                    and {{ compare('0', 'operator', 'threshold_number') }}
                    then 1
                else 0
            end
        ) as lines_holding_without_value

    from segment_rules

    group by segment, rule_group

),

compared as (

    select
        traits.person_id,
        segment_rules.segment,
        segment_rules.rule_group,
        case
            when segment_rules.data_type = 'number'
                then
                {{ compare(
                    'coalesce(traits.value_number, 0)',
                    'segment_rules.operator',
                    'segment_rules.threshold_number'
                ) }}
            when segment_rules.operator = '='
                then
                    traits.value_text = segment_rules.threshold_text
            when segment_rules.operator = '<>' then
                traits.value_text <> segment_rules.threshold_text
        end as holds,
        segment_rules.data_type = 'number'
        and {{ compare('0', 'segment_rules.operator', 'segment_rules.threshold_number') }}
            as holds_without_value

    from segment_rules

    inner join traits
        on segment_rules.trait = traits.trait

),

tallied as (

    select
        person_id,
        segment,
        rule_group,
        sum(case when holds then 1 else 0 end)
        - sum(case when holds_without_value then 1 else 0 end) as lines_changed

    from compared

    group by person_id, segment, rule_group

),

members as (

    select
        tallied.segment,
        tallied.person_id
    from tallied
    inner join rule_sizes
        on
            tallied.segment = rule_sizes.segment
            and tallied.rule_group = rule_sizes.rule_group
            and tallied.lines_changed
            = rule_sizes.line_count - rule_sizes.lines_holding_without_value

    union

    -- Only groups that hold for somebody without any trait need everybody looked at.
    select
        rule_sizes.segment,
        persons.person_id
    from persons
    cross join rule_sizes
    left join tallied
        on
            persons.person_id = tallied.person_id
            and rule_sizes.segment = tallied.segment
            and rule_sizes.rule_group = tallied.rule_group
    where
        rule_sizes.lines_holding_without_value = rule_sizes.line_count
        and tallied.person_id is null

)

select * from members
