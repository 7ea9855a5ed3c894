-- rowhook.row_text(row): a row as a text that its type reads again without loss, whatever the session has set:
-- pinned is what the output of types depends on (rowhook.pinned_settings).
create or replace function rowhook.row_text(p_row anyelement) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
begin
  return p_row::text;
end
$$;
