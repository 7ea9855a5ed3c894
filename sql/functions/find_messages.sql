-- rowhook.find_messages(…): messages of a sink, newest first: the one place that knows how a message's
-- state follows from position, batches, held and discarded messages.
--   p_state    pending | failing | discarded | delivered; null: any
--   p_source   of this source only; null: any
--   p_sources  sources of which the log is scanned
--   p_above, p_below  bounds of the event id, exclusive
-- A state that is written down somewhere wins: failing or set aside, then discarded, and only then
-- what the position says; what a replay discarded while it lay ahead of the position is to be sent nevertheless.
-- What was delivered shows its attempts as far as the sink's 2,000 newest
-- requests tell; older ones count as one.
-- Changes whose verdict was left open at capture count as wanted until it is made, and those that
-- turned out unwanted do not appear.
-- `e.id not in (select …)` is one hash table for the whole scan; `not exists` would be a look-up for
-- each event. Lateral look-ups keep the order of what they look up, so that a limit ends them early.
-- Partitions that are no longer written have indexes by key and group (rowhook.index_partition). Which way is
-- the shorter one depends on what is asked for, so it is planned anew each time.
-- Reads only.
create or replace function rowhook.find_messages(
  p_sink int, p_state text, p_source int, p_sources int[], p_group text, p_since timestamptz,
  p_until timestamptz, p_above bigint, p_below bigint, p_limit int)
returns table (
  event_id bigint, state text, source_id int, action text, grp text, record json, changes json,
  captured_at timestamptz, attempts int, next_attempt_at timestamptz, last_error text, webhook_id text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
  v_at         record;
  v_log_above  bigint := p_above;
  v_log_below  bigint := p_below;
  v_keys       text[];
  v_key1       text[];
  v_key2       text[];
  v_key3       text[];
  v_key4       text[];
  v_more       boolean;
begin
  select * into v_at from rowhook.positions(array[p_sink]);
  -- A long history must not be scanned for what is pending, nor a long backlog for what is delivered.
  -- Backfilled rows are on no side of a position.
  if p_state = 'pending' then
    v_log_above := greatest(p_above, (
      select rowhook.window_low(f, pg_catalog.pg_current_snapshot()) from rowhook.tick f where f.id = v_at.from_tick));
  elsif p_state = 'delivered' and not exists (select from rowhook.backfill b where b.sink_id = p_sink) then
    v_log_below := least(p_below, (
      select greatest(f.high, v_at.last_id) + 1 from rowhook.tick f where f.id = v_at.from_tick));
  end if;

  -- As keys in a form that an index leads to; of more than four (values with colons in them) none does.
  v_keys := array(
    select k::text
    from rowhook.source s cross join lateral rowhook.key_splits(p_group, cardinality(s.key_columns)) k
    where s.id = any (p_sources)
    union select array[p_group]::text
    union select '{}' where p_group = ''
    limit 5);
  v_more := cardinality(v_keys) > 4;
  -- variables, because a cast would be made anew for each event of a day without indexes
  v_key1 := v_keys[1];
  v_key2 := v_keys[2];
  v_key3 := v_keys[3];
  v_key4 := v_keys[4];

  return query
  with mark as materialized (
    select m.* from rowhook.message_marks(p_sink) m
    where m.event_id > p_above and m.event_id < p_below
  ),
  logged as (
    select e.*
    from unnest(p_sources) s(id)
    cross join lateral (
      select e.*
      from rowhook.event e
      where e.source_id = s.id
        and e.id > v_log_above and e.id < v_log_below
        and e.captured_at >= p_since and e.captured_at < p_until
        and (p_sink = any (e.sinks)
             or p_sink = any ((e.extra).undecided) and not exists (
               select from rowhook.decide(p_sink, array[e.id], e.source_id) v where v.verdict = 'unwanted'))
        and (p_group is null
             or e.groups @> array[p_group] and e.groups[array_position(e.sinks, p_sink)] = p_group
             or (e.pks = v_key1 or e.pks = v_key2 or e.pks = v_key3 or e.pks = v_key4
                 or v_more and array_to_string(e.pks, ':', '') = p_group)
                and e.groups[array_position(e.sinks, p_sink)] is null)
        and (p_state is null
             or (p_state = 'delivered') = (
                  e.action = 'r'
                  or rowhook.is_settled(e.id, e.xid, v_at.from_snapshot, v_at.to_snapshot, v_at.last_id, v_at.floor, v_at.ceiling))
                and e.id not in (select m.event_id from mark m)
                and not exists (
                  select from rowhook.discarded d
                  where d.sink_id = p_sink and d.event_id = e.id and (d.replay_id is null or p_state = 'delivered')))
      order by e.id desc
      limit p_limit) e
    where p_state is null or p_state in ('pending', 'delivered')
    order by e.id desc
    limit p_limit
  ),
  marked as (
    select e.*
    from (select m.event_id from mark m where m.state = p_state order by m.event_id desc) m
    cross join lateral (
      select e.*
      from rowhook.find_events(array[m.event_id]) e
      where (p_source is null or e.source_id = p_source)
        and e.captured_at >= p_since and e.captured_at < p_until
        and (p_group is null
             or p_group = coalesce(e.groups[array_position(e.sinks, p_sink)], array_to_string(e.pks, ':', '')))) e
    limit p_limit
  ),
  dropped as (
    select e.*
    from (
      select d as message
      from rowhook.discarded d
      where d.sink_id = p_sink and d.event_id > p_above and d.event_id < p_below
        and (p_state = 'discarded' or p_state is null)
      order by d.event_id desc) d
    cross join lateral (
      select e.*
      from rowhook.discarded_event(d.message) e
      where (p_source is null or e.source_id = p_source)
        and (p_since = '-infinity' or e.captured_at >= p_since) and (p_until = 'infinity' or e.captured_at < p_until)
        and (p_group is null
             or p_group = coalesce(e.groups[array_position(e.sinks, p_sink)], array_to_string(e.pks, ':', '')))) e
    where p_state is null
       or not exists (select from mark m where m.event_id = e.id)
          and ((d.message).replay_id is null or e.action = 'r'
            or rowhook.is_settled(e.id, e.xid, v_at.from_snapshot, v_at.to_snapshot, v_at.last_id, v_at.floor, v_at.ceiling))
    limit p_limit
  ),
  page as materialized (
    select distinct on (e.id) e.*
    from (select * from logged union all select * from marked union all select * from dropped) e
    order by e.id desc
    limit p_limit
  ),
  sent as (
    select m.event_id, count(*)::int as attempts, (array_agg(r.webhook_id order by r.id desc))[1] as webhook_id
    from (
      select r.id, r.webhook_id, r.event_ids
      from rowhook.delivery r
      where r.sink_id = p_sink and r.replay_id is null
      order by r.id desc
      limit 2000) r
    cross join unnest(r.event_ids) m(event_id)
    where m.event_id in (select e.id from page e)
    group by m.event_id
  ),
  stated as (
    select e.*,
           case
             when m.state is not null then m.state
             when d.error is not null and d.replay_id is null then 'discarded'
             when e.action = 'r'
               or rowhook.is_settled(e.id, e.xid, v_at.from_snapshot, v_at.to_snapshot, v_at.last_id, v_at.floor, v_at.ceiling)
               then case when d.error is not null then 'discarded' else 'delivered' end
             else 'pending'
           end as state,
           m.attempts as m_attempts, m.next_attempt_at, m.last_error, m.webhook_id as m_webhook_id,
           d.attempts as d_attempts, d.error, d.webhook_id as d_webhook_id
    from page e
    left join mark m on m.event_id = e.id
    left join rowhook.discarded d on d.sink_id = p_sink and d.event_id = e.id
  )
  select e.id,
         e.state,
         e.source_id,
         case e.action when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete'
                       when 't' then 'truncate' when 'r' then 'read' end,
         coalesce(e.groups[array_position(e.sinks, p_sink)], array_to_string(e.pks, ':', '')),
         rowhook.without(e.record, h.names),
         rowhook.without(e.changes, h.names),
         e.captured_at,
         case
           when e.m_attempts is not null then e.m_attempts
           when e.state = 'discarded' then e.d_attempts
           when e.state = 'delivered' then coalesce(s.attempts, 1)
           else 0
         end,
         e.next_attempt_at,
         case when e.state = 'discarded' then e.error else e.last_error end,
         case
           when e.m_attempts is not null then e.m_webhook_id
           when e.state = 'discarded' then e.d_webhook_id
           when e.state = 'delivered' then s.webhook_id
         end
  from stated e
  left join sent s on s.event_id = e.id
  left join rowhook.exclusions(p_sink) x on x.source_id = e.source_id
  cross join lateral (
    select case when x.source_id is null then null
                when e.id > x.until and (e.extra).shape is null then x.names
                else rowhook.hidden_names(x.columns, x.excluded, (e.extra).shape, e.id, e.record) end as names) h
  order by e.id desc;
end
$$;
