-- rowhook.log_partitions: the days of the event log, how large they are, and why those that are old enough
-- to go are still there. `kept_for` is as of the last maintenance.
create or replace view rowhook.log_partitions as
select p.name,
       p.starts_at,
       p.ends_at,
       pg_catalog.pg_total_relation_size(p.relid) as bytes,
       (pg_catalog.obj_description(p.relid, 'pg_class')::jsonb) ->> 'kept_for' as kept_for
from rowhook.partitions('event') p
union all
select 'event_default', null, null, pg_catalog.pg_total_relation_size('rowhook.event_default'), null;
