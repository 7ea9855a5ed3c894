-- rowhook.judge_alike(statement, source, events): runs a rowhook.judge_statement over events. Where one of
-- them raises, halves them until it stands alone, so that the others get their verdicts.
-- What a statement has returned before it raises cannot be taken back, so it is gathered first.
create or replace function rowhook.judge_alike(p_statement text, p_source int, p_events bigint[])
returns table (event_id bigint, wanted boolean, grp text, old_grp text, error text)
language plpgsql volatile
as $$
declare
  v_judged  jsonb;
  v_half    int := pg_catalog.cardinality(p_events) / 2;
begin
  begin
    execute pg_catalog.format('select coalesce(jsonb_agg(to_jsonb(j)), %L) from (%s) j', '[]', p_statement)
      into v_judged using p_events, p_source;
    return query
      select j.event_id, j.wanted, j.grp, j.old_grp, null::text
      from pg_catalog.jsonb_to_recordset(v_judged) as j(event_id bigint, wanted boolean, grp text, old_grp text);
    return;
  exception when others then
    if v_half = 0 then
      return query select p_events[1], null::boolean, null::text, null::text, sqlerrm;
      return;
    end if;
  end;
  return query select * from rowhook.judge_alike(p_statement, p_source, p_events[1:v_half]);
  return query select * from rowhook.judge_alike(p_statement, p_source, p_events[v_half + 1:]);
end
$$;
