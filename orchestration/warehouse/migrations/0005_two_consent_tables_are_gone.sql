-- One is a view now, the other is no more. The privacy registry knows neither as a table any longer,
-- and is asked before dbt would come to replace one.
do $$
declare
    table_name text;
begin
    for table_name in
        select c.relname
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = 'intermediate' and c.relkind = 'r'
            and c.relname in ('int_consent__timed_events', 'int_customer__consents')
    loop
        execute format('drop table intermediate.%I cascade', table_name);
    end loop;
end
$$;
