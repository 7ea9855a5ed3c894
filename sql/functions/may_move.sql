-- rowhook.may_move(from, to, what): the states of backfills and replays as a total table: true where one
-- leads to the other, false where it is the same one; raises 55000 with a hint where it does not.
-- What failed keeps its place and may be resumed; what was completed or cancelled is over.
create or replace function rowhook.may_move(p_from text, p_to text, p_what text) returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_moves  jsonb := '{
    "active":    {"active": false, "paused": true,  "completed": true,  "failed": true,  "cancelled": true},
    "paused":    {"active": true,  "paused": false, "completed": true,  "failed": true,  "cancelled": true},
    "failed":    {"active": true,  "paused": null,  "completed": null,  "failed": false, "cancelled": true},
    "completed": {"active": null,  "paused": null,  "completed": false, "failed": null,  "cancelled": null},
    "cancelled": {"active": null,  "paused": null,  "completed": null,  "failed": null,  "cancelled": false}}';
begin
  if v_moves -> p_from -> p_to is null then
    raise exception using errcode = 'invalid_parameter_value',
      message = format('there is no state %s', p_to),
      hint = 'a state is active, paused, completed, failed or cancelled';
  elsif v_moves -> p_from -> p_to = 'null' then
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = format('this %s is %s and cannot become %s', p_what, p_from, p_to),
      hint = case when p_from = 'failed' then format('resume or cancel it, or start a new %s', p_what)
        else format('start a new %s', p_what) end;
  end if;
  return (v_moves -> p_from -> p_to)::boolean;
end
$$;
