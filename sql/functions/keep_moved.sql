-- rowhook.keep_moved(slot, row): adds a moved row, an array as JSON text, to those of the statement under way
-- (rowhook.moved). They are kept in settings, which end and roll back with what moved the rows: a table of ours would
-- have transactions wait for one another where they are serializable. Each is as long as the longest, so a row is
-- added to a short one, and what is full is poured into the next, sixteen times as long: a million rows are copied four times.
create or replace function rowhook.keep_moved(p_slot text, p_row text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name   text;
  v_rows   text := p_row;
begin
  for v_tier in 0..4 loop
    v_name := format('rowhook.moved_%s_%s', p_slot, v_tier);
    v_rows := concat_ws(',', nullif(current_setting(v_name, true), ''), v_rows);
    if v_tier = 4 or octet_length(v_rows) < 16384 * 16 ^ v_tier then
      perform set_config(v_name, v_rows, true);
      return;
    end if;
    perform set_config(v_name, '', true);
  end loop;
end
$$;
