-- rowhook.set_backfill_state(backfill, state, error): moves a backfill to a state, if it may go there from
-- its present one; asking for the state that it has does nothing. Raises 55000 where it may not, P0002
-- for a backfill that does not exist, 55006 where another backfill of the table has begun meanwhile.
-- Writes backfill, and sink.version where the sink's run must look at once.
create or replace function rowhook.set_backfill_state(p_id uuid, p_state text, p_error text default null)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_backfill  rowhook.backfill;
  v_allowed   boolean;
begin
  perform from rowhook.sink s
  where s.id = (select b.sink_id from rowhook.backfill b where b.id = p_id) for no key update;
  select * into v_backfill from rowhook.backfill b where b.id = p_id for update;
  if v_backfill.id is null then
    raise exception using errcode = 'no_data_found', message = format('there is no backfill with the id %s', p_id);
  end if;
  v_allowed := rowhook.may_move(v_backfill.state, p_state, 'backfill');
  if not v_allowed then
    return;
  end if;
  if p_state = 'active' and exists (
    select
    from rowhook.backfill_table mine
    join rowhook.backfill_table other on other.source_id = mine.source_id and not other.done
    join rowhook.backfill b on b.id = other.backfill_id and b.sink_id = v_backfill.sink_id
      and b.id <> p_id and b.state in ('active', 'paused')
    where mine.backfill_id = p_id and not mine.done)
  then
    raise exception using errcode = 'object_in_use',
      message = 'another backfill of the same table is under way',
      hint = 'wait until it is completed, or cancel it';
  end if;
  update rowhook.backfill b
  set state = p_state,
      error = case when p_state = 'failed' then p_error end,
      updated_at = rowhook.now(),
      completed_at = case when p_state in ('completed', 'failed', 'cancelled') then rowhook.now() end
  where b.id = p_id;
  -- a run that reads a backfill looks at its state every second; one that does not must be told
  if p_state = 'active' then
    update rowhook.sink s set version = s.version + 1 where s.id = v_backfill.sink_id;
    perform pg_catalog.pg_notify('rowhook_wake', 'config');
  end if;
end
$$;
