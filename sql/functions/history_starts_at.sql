-- rowhook.history_starts_at(): since when the log is complete: earlier changes were dropped, or made
-- before rowhook was there. Retention moves it on when it drops a partition (setting log_starts_at).
create or replace function rowhook.history_starts_at() returns timestamptz
language sql stable
set search_path = ''
as $$
  select coalesce(
    (select (s.value #>> '{}')::timestamptz from rowhook.setting s where s.name = 'log_starts_at'),
    (select i.installed_at from rowhook.installation i))
$$;
