-- rowhook.scan_parts(low, high, limit, tables): where the parts begin in which a scan for the next `limit` events
-- of so many tables goes through the ids (low, high], in ascending order; each ends where the next one begins.
-- A scan of each table for `limit` events would do a hundred times the work for a hundred tables. In parts, each
-- four times as large as the one before, it ends once there are enough. One or two tables: one part.
create or replace function rowhook.scan_parts(p_low bigint, p_high bigint, p_limit int, p_tables int)
returns bigint[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_low    bigint := p_low;
  v_lows   bigint[] := array[p_low];
  v_span   bigint := p_limit::bigint * 2;
begin
  while p_tables > 2 and v_low + v_span < p_high loop
    v_low := v_low + v_span;
    v_lows := v_lows || v_low;
    v_span := v_span * 4;
  end loop;
  return v_lows;
end
$$;
