-- rowhook.may_move_rows(table): whether a merge may move rows to another partition, where triggers of updates do not see
-- them (rowhook.moves_code): on partitioned tables, from Postgres 15 on.
create or replace function rowhook.may_move_rows(p_relid oid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select current_setting('server_version_num')::int >= 150000
    and exists (select from pg_class c where c.oid = p_relid and c.relkind = 'p')
$$;
