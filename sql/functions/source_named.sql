-- rowhook.source_named(table): the source of a table, or of the table that it is a partition of. Raises
-- 42P01 when there is no such table, 42704 when rowhook does not capture it.
create or replace function rowhook.source_named(p_table text) returns rowhook.source
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relid   regclass := rowhook.find_table(p_table);
  v_source  rowhook.source;
begin
  select s.* into v_source
  from rowhook.source s
  where s.relid = v_relid or rowhook.belongs_to(v_relid, s.relid)
     -- a table that is gone still has a history
     or v_relid is null and p_table in (s.schema_name || '.' || s.table_name, format('%I.%I', s.schema_name, s.table_name))
  order by s.relid = v_relid desc nulls last, s.id desc
  limit 1;
  if v_source.id is not null then
    return v_source;
  elsif v_relid is null then
    raise exception using
      errcode = 'undefined_table',
      message = format('there is no table %s', p_table),
      detail = 'Without a schema, a name means the schema public.',
      hint = 'give the name with its schema, quoted as in SQL: public.orders';
  end if;
  raise exception using
    errcode = 'undefined_object',
    message = format('rowhook does not capture %s', v_relid),
    detail = 'No sink names this table, and its history is not kept.',
    hint = format('keep its history from now on: select rowhook.retain(%L, ''30 days'')', p_table);
end
$$;
