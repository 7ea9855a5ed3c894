-- rowhook.bare_statement(source, operation): the last resort of capture: SQL text that stores a
-- statement's rows and names no column and no type at all. Old rows of an update are not kept, and
-- so the reader cannot judge filters on them.
create or replace function rowhook.bare_statement(p_source int, p_operation text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format(
    'insert into rowhook.event (source_id, action, sinks, pks, record, changes, extra) '
    'select %s, %L, ''{}'', ''{}'', row_to_json(n.*), %s, row(%L::int[], null, null, '
    'nullif(current_setting(''rowhook.annotations'', true), ''''), ''{}'')::rowhook.event_extra from %s n',
    p_source, lower(left(p_operation, 1)),
    case p_operation when 'UPDATE' then '''{}''' else 'null' end,
    array(select t.sink_id from rowhook.sink_table t
          where t.source_id = p_source and lower(p_operation) = any (t.actions) order by t.sink_id),
    case p_operation when 'DELETE' then 'rowhook_old' else 'rowhook_new' end)
$$;
