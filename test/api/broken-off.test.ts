import { expect, it } from 'vitest'
import { createTestApi } from './client.ts'

/** Every write to a sink is broken off as a deadlock, `times` times. */
async function withBrokenOff(times: number) {
  const api = await createTestApi()
  const { sql } = api.database
  await sql`create table orders (id int primary key)`
  await api.call('POST', '/api/endpoints', { name: 'app', url: 'https://app.example.com/' })
  await api.call('POST', '/api/sinks', { name: 'orders', endpoint: 'app', tables: [{ name: 'orders' }] })
  await sql`create sequence broken_off`
  await sql.unsafe(`
    create function break_off() returns trigger language plpgsql as $$
    begin
      if nextval('public.broken_off') <= ${times} then
        raise exception using errcode = 'deadlock_detected', message = 'deadlock detected';
      end if;
      return coalesce(new, old);
    end $$`)
  await sql`create trigger break_off before update or delete on rowhook.sink for each row execute function break_off()`
  return api
}

it.each([
  ['PATCH', '/api/sinks/orders', { batch_size: 5 }, 200],
  ['DELETE', '/api/sinks/orders', undefined, 204],
  ['POST', '/api/config/apply?prune=true', {}, 200],
])('%s %s is tried again when another transaction broke it off, and is done once', async (...request) => {
  const [method, path, body, status] = request
  const { call, database } = await withBrokenOff(2)
  expect(await call(method, path, body)).toMatchObject({ status })
  const audited =
    await database.sql`select action from rowhook.audit where action in ('sink.update', 'sink.delete')`
  expect(audited).toHaveLength(1)
})

it('a change that is broken off again and again is a conflict that says so', async () => {
  const { call } = await withBrokenOff(100)
  expect(await call('DELETE', '/api/sinks/orders')).toMatchObject({
    status: 409,
    body: { detail: 'another change was made at the same moment. Try again.' },
  })
  expect((await call('GET', '/api/sinks/orders')).status).toBe(200)
})
