-- Numbers of ticks come from rowhook.next_tick_id.
drop sequence if exists rowhook.tick_id_seq;
