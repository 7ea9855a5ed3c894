-- rowhook.partition_needs(partition, ends at): who needs a partition of the log, or the default one, as one
-- row; all empty: nobody. Reads only.
--   retained    sources whose retention reaches back behind the partition's end and that have rows in it
--   streams     streams that have to read something in it yet
--   referenced  whether messages in it are failing, or set aside behind such
--   condition   SQL over the alias e that is true for the rows that are needed
-- Bounds of ids come first: a partition that all readers have passed is not looked at.
create or replace function rowhook.partition_needs(
  p_relid regclass, p_ends_at timestamptz,
  out retained int[], out streams bigint[], out referenced boolean, out condition text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_stream  record;
  v_bounds  record;
  v_found   boolean;
  v_part    text;
  v_parts   text[] := '{}';
begin
  execute format($q$
    select coalesce(array_agg(s.id) filter (
             where s.retention is not null and $1 > rowhook.now() - s.retention), '{}') as retained,
           array_agg(s.id) as sources, min(b.lowest) as lowest, max(b.highest) as highest
    from rowhook.source s
    cross join lateral (
      select (select e.id from %1$s e where e.source_id = s.id order by e.id limit 1) as lowest,
             (select e.id from %1$s e where e.source_id = s.id order by e.id desc limit 1) as highest) b
    where b.lowest is not null
    $q$, p_relid)
  into v_bounds using p_ends_at;
  retained := v_bounds.retained;
  streams := '{}';
  referenced := false;
  if retained <> '{}' then
    v_parts := v_parts || format('e.source_id = any (%L::int[])', retained);
  end if;

  for v_stream in
    select l.* from rowhook.lagging_streams() l
    where l.low < v_bounds.highest and l.sources && v_bounds.sources
  loop
    v_part := format('e.source_id = any (%L::int[]) and e.id > %s and (%s = any (e.sinks) or %3$s = any ((e.extra).undecided)) and %s',
      v_stream.sources, v_stream.low, v_stream.sink_id, v_stream.unread);
    execute format('select exists (select from %s e where %s)', p_relid, v_part) into v_found;
    if v_found then
      streams := streams || v_stream.stream_id;
      v_parts := v_parts || v_part;
    end if;
  end loop;

  if exists (
    select from rowhook.written_down() w where w.event_id between v_bounds.lowest and v_bounds.highest)
  then
    execute format(
      'select exists (select from %s e where e.id in (select w.event_id from rowhook.written_down() w where w.event_id between $1 and $2))',
      p_relid)
    into referenced using v_bounds.lowest, v_bounds.highest;
    if referenced then
      v_parts := v_parts || 'e.id in (select w.event_id from rowhook.written_down() w)'::text;
    end if;
  end if;
  condition := coalesce(nullif(array_to_string(v_parts, E'\n or '), ''), 'false');
end
$$;
