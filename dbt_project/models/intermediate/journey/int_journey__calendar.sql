{{ config(indexes=[{'columns': ['calendar_date'], 'unique': true}]) }}

-- Every local day from two years before the run up to its day.
with

rules as (

    select {{ local_date(as_of(), setting_text('business_time_zone')) }} as today

),

numbers as (

    {{ int_series(732) }}

),

days as (

    select {{ add_days('rules.today', '-numbers.n') }} as calendar_date

    from numbers

    cross join rules

)

select * from days
