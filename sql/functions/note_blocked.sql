-- rowhook.note_blocked(age): tells operators of the sinks for which partitions of the log are kept beyond
-- their time, because the sink, or a replay of it, has to read them yet; once a day for each sink.
-- Looks only where somebody wants to be told. Writes rowhook.alert.
create or replace function rowhook.note_blocked(p_age interval) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.raise_alert(b.sink_id, 'retention.blocked',
    jsonb_build_object('partitions', b.partitions, 'oldest', b.oldest, 'bytes', b.bytes), interval '1 day')
  from (
    select st.sink_id, count(distinct p.relid) as partitions, min(p.ends_at - interval '1 day') as oldest,
           sum(pg_total_relation_size(p.relid)) as bytes
    from rowhook.old_partitions(p_age) p
    cross join lateral rowhook.partition_needs(p.relid, p.ends_at) n
    join rowhook.stream st on st.id = any (n.streams)
    where exists (select from rowhook.sink s where s.alert_endpoint_id is not null)
    group by st.sink_id) b
$$;
