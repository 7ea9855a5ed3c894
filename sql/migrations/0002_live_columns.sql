-- rowhook.live_columns returns columns' collations, too, and a function that is replaced cannot return anything else.
drop function if exists rowhook.live_columns(oid);
