-- What must count at commit, before any model is rebuilt. Times are UTC.
create schema if not exists activation;

-- Grain: one row per subject key, purpose and channel that was ever refused, with the ledger
-- position of the latest refusal. Views compare that position with the one their table was
-- built at, so a row needs no lifting: a rebuild that has seen it decides by the ledger.
create table if not exists activation.suppressions (
    subject_key text not null,
    purpose text not null,
    channel text not null,
    reason text not null,
    ledger_seq bigint not null,
    suppressed_at timestamp not null,
    primary key (subject_key, purpose, channel)
);

create index if not exists suppressions_by_seq on activation.suppressions (ledger_seq);

create or replace function activation.suppress_since(after_seq bigint) returns void
language plpgsql as $$
begin
    insert into activation.suppressions
    select distinct on (events.subject_key, events.purpose, events.channel)
        events.subject_key,
        events.purpose,
        events.channel,
        events.action,
        events.seq,
        events.recorded_at
    from consent.events
    where events.seq > after_seq
        and events.action in ('deny', 'withdraw', 'object', 'gpc', 'pending')
    order by events.subject_key, events.purpose, events.channel, events.seq desc
    on conflict (subject_key, purpose, channel) do update set
        reason = excluded.reason,
        ledger_seq = excluded.ledger_seq,
        suppressed_at = excluded.suppressed_at;
end
$$;

revoke execute on all functions in schema activation from public;
