-- rowhook.try_column(row, expression, null): what a virtual column's expression says of a row, null where it raises.
--   p_row   of the table's own type; columns that are computed are null in it
--   p_null  a null of the column's type
-- Only where a row is known to raise, or may have been: it plans the expression each time. Runs the text that it is
-- given; only ever give it rowhook.virtual_columns.
create or replace function rowhook.try_column(p_row anyelement, p_expression text, p_null anycompatible)
returns anycompatible
language plpgsql stable
as $$
begin
  execute pg_catalog.format('select (%s) from (select ($1).*) x', p_expression) into p_null using p_row;
  return p_null;
exception when others then
  return null;
end
$$;
