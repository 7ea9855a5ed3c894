-- rowhook.judge(source, events, parts, group columns, excluded, unchanged): judges stored events by a
-- compiled filter, as capture would have done it: over the stored record, under the names and settings
-- of capture. See rowhook.judge_statement for the arguments.
--   wanted   null where the filter raised: see `error`. Truncates are always wanted
--   grp, old_grp  as in rowhook.event
-- One row per event that exists. Reads the log, writes nothing. Raises what print_filter does when the
-- filter names a column that is gone.
create or replace function rowhook.judge(
  p_source int, p_events bigint[], p_parts jsonb, p_groups int2[] default null,
  p_excluded int2[] default '{}', p_unchanged boolean default true)
returns table (event_id bigint, wanted boolean, grp text, old_grp text, error text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
set quote_all_identifiers = off
set transform_null_equals = off
set array_nulls = on
set standard_conforming_strings = on
as $$
declare
  v_columns  jsonb;
  v_kind     record;
  v_missing  text;
begin
  select s.columns into strict v_columns from rowhook.source s where s.id = p_source;
  for v_kind in
    select k.action, k.names, k.shape, array_agg(k.id order by k.id) as ids
    from (
      select e.action, e.id, rowhook.names_at(v_columns, (e.extra).shape, e.id) as names, (e.extra).shape
      from rowhook.event e where e.source_id = p_source and e.id = any (p_events)) k
    group by k.action, k.names, k.shape
  loop
    if v_kind.action = 't' then
      return query select u.id, true, null::text, null::text, null::text from unnest(v_kind.ids) u(id);
      continue;
    end if;
    -- Not null, as for any column that is younger than a record: what waited for a verdict is not to
    -- vanish because it cannot be made. Of a bare capture, no column is to be found.
    if v_kind.shape is not null then
      select format('column %s cannot be found in the change, which was captured while the table was being altered',
               c ->> 'name') into v_missing
      from jsonb_array_elements(v_columns) c
      where (c ->> 'attnum')::int2 in (
              select (p ->> 'att')::int2 from jsonb_array_elements(p_parts) p
              union all select unnest(p_groups)
              -- what cannot be found in a bare record cannot be taken out of it
              union all select unnest(p_excluded) where v_kind.shape = '{}')
        and v_kind.names ->> (c ->> 'attnum') is null
      limit 1;
      if found then
        return query select u.id, null::boolean, null::text, null::text, v_missing from unnest(v_kind.ids) u(id);
        continue;
      end if;
    end if;
    -- a virtual column that raised on a row is null in its record, which is not what the filter is about
    if v_kind.shape ? '' then
      select format('column %s: %s', f.name, f.error) into v_missing
      from (
        select v_kind.names ->> (p ->> 'att') as name,
               v_kind.shape #>> array['', s.side, v_kind.names ->> (p ->> 'att')] as error
        from jsonb_array_elements(p_parts) p
        cross join lateral (select case
          when p ->> 'side' = 'row' or p ->> 'side' = case v_kind.action when 'd' then 'old' else 'new' end then 'record'
          when v_kind.action = 'u' then 'old' end) s(side)
        where p ? 'att') f
      where f.error is not null
      limit 1;
      if found then
        return query select u.id, null::boolean, null::text, null::text, v_missing from unnest(v_kind.ids) u(id);
        continue;
      end if;
    end if;
    return query select * from rowhook.judge_alike(
      rowhook.judge_statement(
        v_columns, v_kind.names, v_kind.action, p_parts, p_groups, p_excluded, p_unchanged),
      p_source, v_kind.ids);
  end loop;
end
$$;
