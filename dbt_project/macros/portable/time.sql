{# Time arithmetic on plain UTC timestamps; dbt.dateadd differs between engines. #}

{% macro epoch_us(e) -%}
    {%- if target.type == 'postgres' -%} cast(extract(epoch from {{ e }}) * 1000000 as bigint)
    {%- else -%} unix_micros({{ e }})
    {%- endif -%}
{%- endmacro %}

{% macro epoch_seconds(e) -%}
    {%- if target.type == 'postgres' -%} cast(floor(extract(epoch from {{ e }})) as bigint)
    {%- else -%} unix_timestamp({{ e }})
    {%- endif -%}
{%- endmacro %}

{% macro ts_add(part, n, ts) -%}
    {%- if target.type == 'postgres' -%} ({{ ts }} + ({{ n }}) * interval '{{ '3 month' if part == 'quarter' else '1 ' ~ part }}')
    {%- else -%} timestampadd({{ part | upper }}, cast({{ n }} as int), {{ ts }})
    {%- endif -%}
{%- endmacro %}

{% macro add_days(d, n) -%}
    {%- if target.type == 'postgres' -%} cast({{ d }} + cast({{ n }} as int) as date)
    {%- else -%} date_add({{ d }}, cast({{ n }} as int))
    {%- endif -%}
{%- endmacro %}

{# Whole days from the first instant to the second, rounded down. #}
{% macro days_between(a, b) -%}
    {%- if target.type == 'postgres' -%} cast(floor(extract(epoch from ({{ b }} - {{ a }})) / 86400) as int)
    {%- else -%} cast(floor((unix_micros({{ b }}) - unix_micros({{ a }})) / 86400000000) as int)
    {%- endif -%}
{%- endmacro %}

{# The quarter of an hour that a timestamp lies in. Cheap to tell and as good as the local date for
   most pairs of instants: zones differ from UTC by whole quarters, so within one no day begins. #}
{% macro quarter_of_hour(ts) -%}
    {%- if target.type == 'postgres' -%} date_bin('15 minutes', {{ ts }}, timestamp '2000-01-01')
    {%- else -%} floor(unix_timestamp({{ ts }}) / 900)
    {%- endif -%}
{%- endmacro %}

{# Calendar date of a UTC timestamp in a named time zone (daylight saving included). #}
{% macro local_date(ts, zone) -%}
    {%- if target.type == 'postgres' -%} cast(({{ ts }} at time zone 'UTC') at time zone {{ zone }} as date)
    {%- else -%} cast(from_utc_timestamp({{ ts }}, {{ zone }}) as date)
    {%- endif -%}
{%- endmacro %}

{# The ends of an interval that is not bound in time. #}
{% macro beginning_of_time() %}cast('1900-01-01 00:00:00' as timestamp){% endmacro %}
{% macro end_of_time() %}cast('9999-12-31 00:00:00' as timestamp){% endmacro %}

{# First day of the month of a date. #}
{% macro month_of(d) -%} cast(date_trunc('month', {{ d }}) as date) {%- endmacro %}

{# Whole days from one date to another. #}
{% macro date_diff(a, b) -%}
    {%- if target.type == 'postgres' -%} cast({{ b }} - {{ a }} as int)
    {%- else -%} datediff({{ b }}, {{ a }})
    {%- endif -%}
{%- endmacro %}
