import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Pulse, createPulse } from '../../src/api/pulse.ts'
import { lookAtSinks } from '../../src/api/store/signs.ts'
import { eventually } from '../support/eventually.ts'
import { type TestApi, bearer, createTestApi, rootToken } from './client.ts'

let api: TestApi
let pulse: Pulse
let looks = 0
const open = new Set<ReadableStreamDefaultReader<Uint8Array>>()

beforeAll(async () => {
  api = await createTestApi({
    pulse: {
      watch: (watcher) => pulse.watch(watcher),
      close: () => pulse.close(),
    },
  })
  const { sql } = api.database
  pulse = createPulse(
    (...asked) => {
      looks += 1
      return lookAtSinks(sql, ...asked)
    },
    (error) => expect.unreachable(String(error)),
    50,
  )
  await sql`create table orders (id int primary key)`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  for (const name of ['a', 'b'])
    await api.call('POST', '/api/sinks', { name, endpoint: 'e', tables: [{ name: 'orders' }] })
})

afterEach(async () => {
  for (const reader of open) await reader.cancel()
  open.clear()
})

const events = { accept: 'text/event-stream' }

/** A stream of events, as texts. */
async function follow(query = '', token = rootToken) {
  const answer = await api.app.request(`/api/live${query}`, { headers: { ...bearer(token), ...events } })
  expect(answer.status).toBe(200)
  const reader = answer.body!.getReader()
  open.add(reader)
  let text = ''
  let isOver = false
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += Buffer.from(value).toString()
    }
    isOver = true
  })()
  const said = (words: string) =>
    eventually(() => {
      if (!text.includes(words)) throw new Error(`only said: ${text}`)
    })
  return { headers: answer.headers, ended, said, text: () => text, isOver: () => isOver }
}

describe('GET /api/live', () => {
  it('says at once that it is there, in a form that no proxy keeps back', async () => {
    const { headers, said } = await follow()
    await said('event: ready\n')
    expect(headers.get('content-type')).toBe('text/event-stream')
    expect(headers.get('cache-control')).toContain('no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
  })

  it('names the sinks to which something has happened, and only the one that is asked for', async () => {
    const [all, one, other] = [await follow(), await follow('?sink=a'), await follow('?sink=b')]
    await Promise.all([all, one, other].map(({ said }) => said('event: sinks')))
    const before = other.text()
    await api.call('POST', '/api/sinks/a/pause')
    await one.said('data: {"sinks":["a"]}\n\nevent: sinks\ndata: {"sinks":["a"]}')
    await all.said('data: {"sinks":["a"]}')
    expect(other.text()).toBe(before)
    await api.call('POST', '/api/sinks/a/resume')
  })

  it('tells whoever comes later of everything at first, whatever others were told before', async () => {
    const first = await follow()
    await first.said('event: sinks')
    const [late, lateOfOne] = [await follow(), await follow('?sink=b')]
    await late.said('"a"')
    await late.said('"b"')
    await lateOfOne.said('event: sinks')
    expect(lateOfOne.text()).toContain('data: {"sinks":["b"]}')
  })

  it('tells of what is captured, and of a request', async () => {
    const { sql } = api.database
    const { said, text } = await follow('?sink=b')
    await said('event: sinks')
    const told = () => text().split('event: sinks').length
    const assertMore = async (than: number) =>
      eventually(() => {
        if (told() <= than) throw new Error('nothing more')
      })
    const first = told()
    await sql`insert into orders values (1)`
    await assertMore(first)
    const second = told()
    await sql`
      insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
      select id, 'msg_x', '{1}', 1, now(), true, 1 from rowhook.sink where name = 'b'`
    await assertMore(second)
  })

  it('asks once an interval, however many look, and not at all when nobody does', async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => follow()))
    await Promise.all(all.map(({ said }) => said('event: sinks')))
    const start = looks
    await api.call('PATCH', '/api/sinks/a', { batch_size: 1 + (start % 1000) })
    await Promise.all(all.map(({ said }) => said('data: {"sinks":["a"]}')))
    // far fewer than those who look
    expect(looks - start).toBeLessThan(15)
    for (const reader of open) await reader.cancel()
    open.clear()
    // one may be under way
    await new Promise((resolve) => setTimeout(resolve, 300))
    const rest = looks
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(looks).toBe(rest)
  })

  it('ends when the token is revoked, and for nobody else', async () => {
    const { body } = await api.call('POST', '/api/tokens', { name: 'guest', scopes: ['read'] })
    const [guest, root] = [await follow('', body.token), await follow()]
    await guest.said('event: sinks')
    await api.call('DELETE', `/api/tokens/${body.id}`)
    await guest.ended
    expect(root.isOver()).toBe(false)
  })

  it('is not begun for who did not ask for events, and would wait for the end', async () => {
    const { status, body } = await api.call('GET', '/api/live')
    expect([status, body.detail]).toEqual([406, expect.stringContaining('Accept: text/event-stream')])
  })

  it('refuses who has no token, and a sink that is not there', async () => {
    expect((await api.app.request('/api/live', { headers: events })).status).toBe(401)
    expect((await api.call('GET', '/api/live?sink=none', undefined, events)).status).toBe(404)
  })

  it('ends when the process stops', async () => {
    const streams = [await follow(), await follow('?sink=a')]
    pulse.close()
    await Promise.all(streams.map(({ ended }) => ended))
    const late = await follow()
    await late.ended
    expect(late.text()).not.toContain('event: sinks')
  })
})
