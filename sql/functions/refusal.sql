-- rowhook.refusal(table): why a table cannot be captured, and the next step, as one sentence; null
-- when it can. The rights that are looked at are those of the role that calls.
create or replace function rowhook.refusal(p_relid regclass) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_class   record;
  v_other   regclass;
begin
  select c.relkind, c.relpersistence, c.relispartition, n.nspname
  into v_class
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = p_relid;
  if v_class.nspname in ('pg_catalog', 'information_schema', 'pg_toast') then
    return format('%s is a system catalog, and Postgres allows no triggers on those', p_relid);
  elsif v_class.nspname in ('rowhook', 'rowhook_worker') then
    return format('%s belongs to rowhook itself; name a table of your own', p_relid);
  elsif v_class.relpersistence = 't' then
    return format('%s is a temporary table, which ends with its session; name a permanent one', p_relid);
  elsif v_class.relkind = 'v' then
    return format('%s is a view, which holds no rows of its own; name the tables beneath it', p_relid);
  elsif v_class.relkind = 'm' then
    return format('%s is a materialized view, on which no triggers fire; name the tables beneath it', p_relid);
  elsif v_class.relkind = 'f' then
    return format('%s is a foreign table, whose rows change on another server; run rowhook there', p_relid);
  elsif v_class.relkind not in ('r', 'p') then
    return format('%s is not a table; name a table', p_relid);
  elsif v_class.relispartition then
    return format('%s is a partition of %s; name that table: a sink then gets the changes of all partitions',
      p_relid, pg_catalog.pg_partition_root(p_relid));
  end if;

  select i.inhparent::regclass into v_other from pg_catalog.pg_inherits i where i.inhrelid = p_relid limit 1;
  if found then
    return format('%s inherits from %s, and its triggers do not see statements on that table; name that table instead',
      p_relid, v_other);
  end if;
  v_other := (rowhook.foreign_members(p_relid))[1];
  if v_other is not null then
    return format('%s is a foreign table below %s, and Postgres refuses writes through a table with both foreign members and our triggers; detach it first',
      v_other, p_relid);
  end if;

  if not pg_catalog.has_schema_privilege(v_class.nspname, 'usage') then
    return format('role %I may not use schema %I; as its owner, run: grant usage on schema %2$I to %1$I',
      current_user, v_class.nspname);
  end if;
  select m.relid into v_other
  from rowhook.table_tree(p_relid) m
  where not pg_catalog.has_table_privilege(m.relid, 'trigger') limit 1;
  if found then
    return format('role %I may not create triggers on %s; as its owner, run: grant trigger on %2$s to %1$I',
      current_user, v_other);
  end if;
  return null;
end
$$;
