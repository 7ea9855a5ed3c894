-- rowhook.wake(): called by the first writer that meets sleeping dispatchers. Writes the sequence
-- sleep_seq, so that the next writers pass by. Notifies at most once per sleep: a notifying commit
-- takes a lock that is one for the whole cluster. Not at all where transactions may be prepared:
-- PREPARE TRANSACTION refuses a transaction that has notified. The sleepers look by themselves once
-- a second.
create or replace function rowhook.wake() returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('max_prepared_transactions') = '0' then
    perform setval('rowhook.sleep_seq', 1);
    perform pg_catalog.pg_notify('rowhook_wake', '');
  end if;
end
$$;
