-- rowhook.moved_texts(spec): what rowhook.moved_statements makes its texts of, which takes far longer to put together than
-- to run: the generated code holds them. In this order: a list of the columns of a leaf's row; one of all columns, and the
-- text of a row without its virtual ones, each of m; that of x; the statements that capture updates and inserts; and names
-- for columns beside the table's own: number, text and count of a row.
create or replace function rowhook.moved_texts(p_spec jsonb) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array[
    rowhook.print_fields(p_spec, '(m.leaf)', true),
    rowhook.print_fields(p_spec, 'm', true),
    format('row(%s)::text', rowhook.print_fields(p_spec, 'm', false)),
    format('row(%s)::text', rowhook.print_fields(p_spec, 'x', false)),
    rowhook.generic_text(p_spec, 'update'),
    rowhook.generic_text(p_spec, 'insert'),
    'at' || n.free, 'row' || n.free, 'n' || n.free]
  from (
    select min(i) as free from generate_series(1, 1600 * 3 + 1) i
    where not exists (
      select from jsonb_array_elements(p_spec -> 'columns') c
      where c ->> 'name' in ('at' || i, 'row' || i, 'n' || i))) n
$$;
