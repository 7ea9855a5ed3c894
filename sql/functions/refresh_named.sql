-- rowhook.refresh(table), by name: see rowhook.refresh(regclass). As everywhere, a name without a schema
-- means public, whatever the search_path. Raises undefined_table (42P01) where there is no such table.
create or replace function rowhook.refresh(relation text) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relid  regclass := rowhook.find_table(relation);
begin
  if v_relid is null then
    raise exception using
      errcode = 'undefined_table',
      message = format('there is no table %s', coalesce(relation, 'null')),
      detail = 'Without a schema, a name means the schema public.',
      hint = 'give the name with its schema, quoted as in SQL: public.orders';
  end if;
  perform rowhook.refresh(v_relid);
end
$$;
