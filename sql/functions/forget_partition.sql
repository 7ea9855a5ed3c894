-- rowhook.forget_partition(partition, ends at, except): notes for the sources with rows in a partition that
-- their history before its end is going. Writes setting.
create or replace function rowhook.forget_partition(p_relid regclass, p_ends_at timestamptz, p_except int[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sources  int[];
begin
  execute format(
    'select coalesce(array_agg(s.id), ''{}'') from rowhook.source s
     where s.id <> all ($1) and exists (select from %s e where e.source_id = s.id)', p_relid)
  into v_sources using p_except;
  perform rowhook.forget_history(v_sources, p_ends_at);
end
$$;
