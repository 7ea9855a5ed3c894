-- rowhook.changes: every retained change, whether sinks want it or only its table's retention does.
-- `key` and `previous_key` are the key's values joined by ':', the latter only where an update changed
-- it; `sinks` are those that wanted it, and those whose verdict was still open when it was captured.
-- In order of event_id, changes of one row are in the order in which they were committed.
create or replace view rowhook.changes as
select e.id as event_id,
       format('%I.%I', s.schema_name, s.table_name) as table_name,
       case e.action when 'i' then 'insert' when 'u' then 'update' when 'd' then 'delete' else 'truncate' end as action,
       array_to_string(e.pks, ':', '') as key,
       array_to_string((e.extra).old_pks, ':', '') as previous_key,
       e.record,
       e.changes,
       e.captured_at,
       e.xid::text as transaction_id,
       (e.extra).annotations,
       array(select k.name from rowhook.sink k
             where k.id = any (e.sinks) or k.id = any ((e.extra).undecided) order by k.name) as sinks
from rowhook.event e
join rowhook.source s on s.id = e.source_id
where e.action <> 'r';
