-- rowhook.keep_settings(min retention, delivery retention): how long delivered changes, and the log of HTTP
-- requests, are kept at least. What is given is remembered in rowhook.setting for who gives null: a
-- person who calls rowhook.maintain() means what the dispatchers were started with. Before any was:
-- 24 hours and 3 days.
create or replace function rowhook.keep_settings(
  inout min_retention interval default null, inout delivery_retention interval default null)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known  jsonb := coalesce((select s.value from rowhook.setting s where s.name = 'retention'), '{}');
  v_new    jsonb;
begin
  min_retention := coalesce(min_retention, (v_known ->> 'events')::interval, interval '24 hours');
  delivery_retention := coalesce(delivery_retention, (v_known ->> 'deliveries')::interval, interval '3 days');
  v_new := jsonb_build_object('events', min_retention::text, 'deliveries', delivery_retention::text);
  if v_new <> v_known then
    insert into rowhook.setting (name, value) values ('retention', v_new)
    on conflict (name) do update set value = excluded.value;
  end if;
end
$$;
