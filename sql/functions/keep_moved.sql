-- rowhook.keep_moved(slot, row): adds a moved row, an array as JSON text, to those of the statement under way
-- (rowhook.moved). They are kept in settings, which end and roll back with what moved the rows: a table of ours would
-- have transactions wait for one another where they are serializable. Each is as long as the longest, so a row is
-- added to a short one, and what is full is poured into the next, sixteen times as long: a million rows are copied four
-- times. What comes out of the last is put aside: no text may be longer than 1 GB.
create or replace function rowhook.keep_moved(p_slot text, p_row text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name   text;
  v_rows   text := p_row;
  v_full   int := 1;
begin
  for v_tier in 0..3 loop
    v_name := format('rowhook.moved_%s_%s', p_slot, v_tier);
    v_rows := concat_ws(',', nullif(current_setting(v_name, true), ''), v_rows);
    if octet_length(v_rows) < 16384 * 16 ^ v_tier then
      perform set_config(v_name, v_rows, true);
      return;
    end if;
    perform set_config(v_name, '', true);
  end loop;
  while current_setting(format('rowhook.moved_%s_full_%s', p_slot, v_full), true) <> '' loop
    v_full := v_full + 1;
  end loop;
  perform set_config(format('rowhook.moved_%s_full_%s', p_slot, v_full), v_rows, true);
end
$$;
