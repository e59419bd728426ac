-- From what each dbt node was last built, so that a run skips what did not change.
create table if not exists ops.builds (
    node text primary key,
    definition text not null,
    content text not null,
    identity text not null,
    built_at timestamp not null default (now() at time zone 'UTC')
);

comment on column ops.builds.definition is 'Digest of SQL, settings and macros.';
comment on column ops.builds.content is 'Digest of the definition and of all it was built from.';
comment on column ops.builds.identity is 'The relation as the server numbers it.';
