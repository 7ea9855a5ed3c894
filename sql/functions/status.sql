-- rowhook.status: a row per sink, for people. `state` is the sink's health (rowhook.sink_stats); pending,
-- failing and discarded are counted up to 100,000 a table, which is where they read "at least".
create or replace view rowhook.status as
select s.id,
       s.name,
       t.health as state,
       t.pending,
       t.lag_ms * interval '1 millisecond' as lag,
       t.failing,
       t.discarded,
       t.delivered,
       t.blocked_groups,
       t.messages_per_second,
       t.last_error,
       st.last_error_at,
       st.last_delivered_at
from rowhook.sink_stats(array(select s.id from rowhook.sink s)) t
join rowhook.sink s on s.id = t.sink_id
left join rowhook.stream st on st.sink_id = s.id and st.replay_id is null;
