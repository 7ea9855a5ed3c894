-- rowhook.is_plain(sink_table row, extra filter): whether the verdict over a stored event of the entry needs
-- nothing but the event's own columns: there is no filter, no group of its own, nothing excluded.
create or replace function rowhook.is_plain(p_entry rowhook.sink_table, p_extra jsonb) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_entry.filter_parts is null and p_entry.group_columns is null and p_entry.exclude_columns = '{}'
    and p_entry.stale_reason is null and p_extra is null
$$;
