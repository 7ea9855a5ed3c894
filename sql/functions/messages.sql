-- rowhook.messages: what became of each retained change, per sink. One branch per state, so that a
-- condition on `state` keeps the others from being read: those that were delivered may be millions.
-- Conditions on `sink` are as good; for a page of the newest, for times and groups, use
-- rowhook.list_messages, which does not read more than it shows.
create or replace view rowhook.messages as
select s.name as sink, m.event_id, m.state, t.name as table_name, m.action, m.grp as "group", m.record, m.changes,
       m.captured_at, m.attempts, m.next_attempt_at, m.last_error, m.webhook_id
from (
  select s.id as sink_id, 'failing' as state, m.event_id, m.source_id, m.action, m.grp, m.record, m.changes,
         m.captured_at, m.attempts, m.next_attempt_at, m.last_error, m.webhook_id
  from rowhook.sink s cross join lateral rowhook.list_messages(s.id, 'failing', p_limit => null) m
  union all
  select s.id, 'discarded', m.event_id, m.source_id, m.action, m.grp, m.record, m.changes,
         m.captured_at, m.attempts, m.next_attempt_at, m.last_error, m.webhook_id
  from rowhook.sink s cross join lateral rowhook.list_messages(s.id, 'discarded', p_limit => null) m
  union all
  select s.id, 'pending', m.event_id, m.source_id, m.action, m.grp, m.record, m.changes,
         m.captured_at, m.attempts, m.next_attempt_at, m.last_error, m.webhook_id
  from rowhook.sink s cross join lateral rowhook.list_messages(s.id, 'pending', p_limit => null) m
  union all
  select s.id, 'delivered', m.event_id, m.source_id, m.action, m.grp, m.record, m.changes,
         m.captured_at, m.attempts, m.next_attempt_at, m.last_error, m.webhook_id
  from rowhook.sink s cross join lateral rowhook.list_messages(s.id, 'delivered', p_limit => null) m) m
join rowhook.sink s on s.id = m.sink_id
left join lateral (
  select format('%I.%I', o.schema_name, o.table_name) as name from rowhook.source o where o.id = m.source_id) t on true;
