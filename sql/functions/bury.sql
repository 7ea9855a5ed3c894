-- rowhook.bury(dispatchers): gives up what these dispatchers hold, and forgets them: they died, or lost
-- sight of the database for so long that they begin anew. Their streams count as not looked at for so
-- long that the next rowhook.find_orphans does; and so do those that were given back lately: if there was
-- something for one of these by then, who died may have been the only one to know. Writes stream and dispatcher.
create or replace function rowhook.bury(p_dispatchers uuid[]) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update rowhook.stream st
  set owner = null, updated_at = '-infinity'
  where st.owner = any(p_dispatchers)
     or st.owner is null and st.updated_at > (
       select min(d.beat_at) - interval '5 seconds' from rowhook.dispatcher d where d.id = any(p_dispatchers));
  delete from rowhook.dispatcher d where d.id = any(p_dispatchers);
$$;
