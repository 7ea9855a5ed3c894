-- rowhook.wanted_actions(sink_table row): the actions that the entry is about: those that it names, and of
-- a sink of message_type rows only the ones that leave a version of the row.
create or replace function rowhook.wanted_actions(p_entry rowhook.sink_table) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case s.message_type when 'rows' then array(select a from unnest(p_entry.actions) a where a in ('insert', 'update'))
         else p_entry.actions end
  from rowhook.sink s where s.id = p_entry.sink_id
$$;
