-- rowhook.last_restored_id(): the highest id of the events that came with the dump; 0 when none did. Events
-- that were captured here since have higher ids, because a dump holds the sequence's value.
--
-- The transaction ids in the rows cannot tell the two apart: those of another cluster may be any number.
-- But a restored row was written (xmin) no later than the index of its table was made, which a dump does
-- after it has loaded the rows, and a captured one was written later, because triggers come last.
-- Reads the log from its end, by index, to the first restored event of each source and partition.
create or replace function rowhook.last_restored_id() returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part    record;
  v_id      bigint;
  v_result  bigint := 0;
begin
  for v_part in
    select i.inhrelid::regclass as relid, max(age(x.xmin)) as index_age
    from pg_inherits i
    join pg_index x on x.indrelid = i.inhrelid
    where i.inhparent = 'rowhook.event'::regclass
    group by i.inhrelid
  loop
    execute format($q$
      select max(r.id)
      from rowhook.source s
      cross join lateral (
        select e.id from %s e where e.source_id = s.id and age(e.xmin) >= $1 order by e.id desc limit 1) r
      $q$, v_part.relid)
    into v_id using v_part.index_age;
    v_result := greatest(v_result, v_id);
  end loop;
  return v_result;
end
$$;
