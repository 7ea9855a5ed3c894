-- rowhook.message_rate(sinks): messages acknowledged a second over the last minute; a sink that
-- delivered nothing in that time gives no row. Reads only.
-- Looks at the newest 20,000 requests in all, shared evenly among the sinks that are busy, and divides
-- by the time that those cover: with a thousand busy sinks it is an estimate, and no slower.
create or replace function rowhook.message_rate(p_sinks int[])
returns table (sink_id int, messages_per_second double precision)
language sql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with clock as materialized (select rowhook.now() as now),
  busy as materialized (
    select distinct st.sink_id, c.now
    from clock c
    cross join unnest(p_sinks) i(id)
    join rowhook.stream st on st.sink_id = i.id
    where st.last_delivered_at > c.now - interval '1 minute'
  ),
  share as (select greatest(20, 20000 / greatest(count(*), 1)) as requests from busy)
  select b.sink_id,
         d.messages / case when d.requests < s.requests then 60
           else greatest(extract(epoch from b.now - d.oldest), 0.001) end::double precision
  from busy b
  cross join share s
  cross join lateral (
    select sum(cardinality(r.event_ids)) filter (where r.ok) as messages, count(*) as requests, min(r.at) as oldest
    from (
      select r.event_ids, r.ok, r.at
      from rowhook.delivery r
      where r.sink_id = b.sink_id and r.at > b.now - interval '1 minute'
      order by r.id desc
      limit (select s.requests from share s)) r) d
  where d.messages > 0
$$;
