-- rowhook.cap_log(max_age, max_bytes): from the next maintenance on, the log is cut off at the age, or at
-- the size, that is given, even if that drops messages which were never delivered. Null, the default:
-- no cap. Whole days go, the oldest first, and never the day that is being written. What it costs is
-- reported: see rowhook.cap_partition. Raises with a hint on bad input. Writes setting, audit.
create or replace function rowhook.cap_log(max_age interval default null, max_bytes bigint default null)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before  jsonb := (select s.value from rowhook.setting s where s.name = 'log_cap');
  v_after   jsonb := jsonb_strip_nulls(jsonb_build_object('max_age', max_age::text, 'max_bytes', max_bytes));
begin
  if max_age < interval '1 day' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('a cap of %s is too short', max_age),
      detail = 'The log is cut off by whole days.',
      hint = 'give at least 1 day, or null for no cap by age';
  elsif max_bytes < 67108864 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('a cap of %s is too small', pg_size_pretty(max_bytes)),
      detail = 'The log is cut off by whole days.',
      hint = 'give at least 67108864 (64 MB), or null for no cap by size';
  end if;
  insert into rowhook.setting (name, value) values ('log_cap', v_after)
  on conflict (name) do update set value = excluded.value;
  insert into rowhook.audit (actor, action, resource, before, after)
  values ('sql:' || session_user, 'log.set_cap', 'log', v_before, v_after);
end
$$;
