-- Numbers of ticks come from rowhook.next_tick_id.
drop sequence if exists rowhook.tick_id_seq;
-- It takes an argument now.
drop function if exists rowhook.take_tick();
