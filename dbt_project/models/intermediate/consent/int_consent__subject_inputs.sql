{{ config(group='privacy', indexes=[{'columns': ['subject_key'], 'unique': true}]) }}

{# What everything that follows from one key's own events follows from, as one number: the key, its
   rows of the ledger, which never change, and the rules. Who has another number than a model was built
   from is computed anew there. #}

with

events as (

    select * from {{ ref('int_consent__ledger_events') }}

),

told as (

    select
        subject_key,
        count(*) as event_count,
        max(seq) as last_seq,
        sum(seq) as seq_sum

    from events

    group by subject_key

),

digested as (

    select
        told.subject_key,
        {{ row_int([
            'told.subject_key', 'told.event_count', 'told.last_seq', 'told.seq_sum',
            consent_rules_key(),
        ]) }} as holder_state

    from told

)

select * from digested
