-- rowhook.name_needs(retained sources, streams, referenced): who needs a partition, as a person reads it:
-- 'history of public.orders; sink audit has to read it yet; messages that are failing'.
create or replace function rowhook.name_needs(p_retained int[], p_streams bigint[], p_referenced boolean)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws('; ',
    (select 'history of ' || string_agg(format('%I.%I', s.schema_name, s.table_name), ', ' order by s.id)
     from rowhook.source s where s.id = any (p_retained)),
    (select string_agg(distinct case when st.replay_id is null then 'sink ' else 'a replay of sink ' end || k.name, ', ')
            || ' still to read it'
     from rowhook.stream st join rowhook.sink k on k.id = st.sink_id where st.id = any (p_streams)),
    case when p_referenced then 'messages that are failing, or wait behind such' end)
$$;
