-- rowhook.retentions: the tables whose history is kept, how long, and since when there is any of it.
create or replace view rowhook.retentions as
select format('%I.%I', s.schema_name, s.table_name) as table_name,
       s.retention as keep,
       s.retention_filter as filter,
       (select min(e.captured_at)
        from (select e.captured_at from rowhook.event e where e.source_id = s.id order by e.id limit 1) e) as oldest
from rowhook.source s
where s.retention is not null;
