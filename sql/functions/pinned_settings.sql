-- rowhook.pinned_settings(): every setting of a session that may change how a value is printed or
-- how SQL text is read, and the value that captured rows are printed under.
create or replace function rowhook.pinned_settings() returns table (name text, value text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  values ('timezone', 'UTC'), ('datestyle', 'ISO, MDY'), ('intervalstyle', 'postgres'),
         ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('quote_all_identifiers', 'off'),
         ('transform_null_equals', 'off'), ('array_nulls', 'on'), ('standard_conforming_strings', 'on'), ('xmloption', 'content'),
         -- no value is neutral: that of a fresh session of this database
         ('lc_monetary', (select s.reset_val from pg_catalog.pg_settings s where s.name = 'lc_monetary'))
$$;
