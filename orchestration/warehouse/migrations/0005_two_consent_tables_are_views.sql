-- These were tables, whose rows the privacy registry knew; now they are views of what it knows, and
-- dbt replaces them only after the registry has been checked.
do $$
declare
    became_view text;
begin
    for became_view in
        select c.relname
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = 'intermediate' and c.relkind = 'r'
            and c.relname in ('int_consent__timed_events', 'int_customer__consents')
    loop
        execute format('drop table intermediate.%I cascade', became_view);
    end loop;
end
$$;
