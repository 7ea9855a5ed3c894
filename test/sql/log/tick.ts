import type { Sql } from 'postgres'

/** Takes a tick whatever there is to read; returns its id. */
export async function tick(sql: Sql): Promise<number> {
  const [row] = await sql`
    insert into rowhook.tick (id, low, xid, snapshot, high, at)
    select rowhook.next_tick_id((select max(id) from rowhook.tick)), rowhook.last_event_id(), pg_current_xact_id(), pg_current_snapshot(),
      rowhook.last_event_id(), clock_timestamp()
    returning id::float8 as id`
  return row!['id'] as number
}
