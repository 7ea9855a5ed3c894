import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, createTestApi } from './client.ts'

/** A sink on a table with numbers that no double holds, and some rows in it. */
async function withMessages(rows: number): Promise<TestApi> {
  const api = await createTestApi()
  await api.database
    .sql`create table public.orders (id bigint primary key, price numeric(30, 10), secret text)`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  const tables = [{ name: 'orders', exclude_columns: ['secret'] }]
  expect((await api.call('POST', '/api/sinks', { name: 'orders', endpoint: 'e', tables })).status).toBe(201)
  for (let i = 0; i < rows; i++) {
    await api.database.sql`insert into orders values (${`900719925474099${i}`}, 0.1234567890, 'hidden')`
  }
  return api
}

const path = '/api/sinks/orders/messages'

describe('messages', () => {
  it('are listed as the contract shows them, newest first', async () => {
    const { call } = await withMessages(2)
    const { status, body } = await call('GET', path)
    expect(status).toBe(200)
    expect(body.next_cursor).toBeNull()
    expect(body.data).toEqual(
      ['9007199254740991', '9007199254740990'].map((group) => ({
        event_id: expect.stringMatching(/^\d+$/),
        state: 'pending',
        table: 'public.orders',
        action: 'insert',
        group,
        record: { id: Number(group), price: 0.123456789 },
        changes: null,
        captured_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        attempts: 0,
        next_attempt_at: null,
        last_error: null,
        webhook_id: null,
      })),
    )
  })

  it('keep every digit of their numbers', async () => {
    const api = await withMessages(4)
    const response = await api.app.request(path, {
      headers: { authorization: 'Bearer root-token-of-the-tests' },
    })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-request-id')).toBeTruthy()
    expect(await response.text()).toContain('"record":{"id":9007199254740993,"price":0.1234567890}')
  })

  it('are found by state, table, group and time', async () => {
    const { call, database } = await withMessages(3)
    // within one millisecond: times are compared to the microsecond
    await database.sql`
      update rowhook.event set captured_at = date_trunc('milliseconds', now()) + id * interval '1 microsecond'`
    const all = (await call('GET', path)).body.data
    const ids = async (search: string) => {
      const { status, body } = await call('GET', `${path}?${search}`)
      expect(status).toBe(200)
      return body.data.map(({ event_id }: { event_id: string }) => event_id)
    }
    const everyId = all.map(({ event_id }: { event_id: string }) => event_id)
    expect(await ids('state=pending')).toEqual(everyId)
    expect(await ids('state=discarded')).toEqual([])
    expect(await ids('table=orders')).toEqual(everyId)
    expect(await ids('table=public.nothing')).toEqual([])
    expect(await ids('group=9007199254740991')).toEqual([everyId[1]])
    const middle: string = all[1].captured_at
    const when = (fits: (at: string) => boolean) =>
      everyId.filter((_: string, i: number) => fits(all[i].captured_at))
    expect(await ids(`since=${middle}`)).toEqual(when((at) => at >= middle))
    expect(await ids(`until=${middle}`)).toEqual(when((at) => at < middle))
    expect(await ids('since=2000-01-01&until=2001-01-01T00:00:00%2B02')).toEqual([])
  })

  it('come page by page, each once', async () => {
    const { call } = await withMessages(5)
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await call('GET', `${path}?limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.data.map(({ group }: { group: string }) => group.at(-1)))
      cursor = body.next_cursor
    }
    expect(seen).toEqual(['4', '3', '2', '1', '0'])
  })

  it('are discarded however often it is asked for, one after the other or at once', async () => {
    const { call } = await withMessages(2)
    const { data } = (await call('GET', path)).body
    const [second, first] = data.map(({ event_id }: { event_id: string }) => `${path}/${event_id}/discard`)
    expect(await call('POST', first)).toMatchObject({ status: 200, body: { count: 1 } })
    expect(await call('POST', first)).toMatchObject({ status: 200, body: { count: 0 } })
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', second)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await call('GET', `${path}?state=discarded`)).body.data).toHaveLength(2)
  })

  it('are shown one at a time', async () => {
    const { call } = await withMessages(2)
    const { data } = (await call('GET', path)).body
    expect((await call('GET', `${path}/${data[1].event_id}`)).body).toEqual(data[1])
  })
})

describe('messages', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await withMessages(0)
  })

  it.each(['0', '99999999', '-1', 'x', '1e3', '99999999999999999999', '%00'])(
    'that do not exist (%s) are not found',
    async (id) => {
      expect((await api.call('GET', `${path}/${id}`)).status).toBe(404)
      expect((await api.call('POST', `${path}/${id}/redeliver`)).status).toBe(404)
      expect((await api.call('POST', `${path}/${id}/discard`)).status).toBe(404)
      expect(api.errors).toEqual([])
    },
  )

  it('that are delivered are neither discarded nor sent again all at once', async () => {
    for (const command of ['redeliver', 'discard']) {
      const { status, body } = await api.call('POST', `${path}/${command}`, { state: 'delivered' })
      expect(status).toBe(400)
      expect(body.errors).toMatchObject([{ path: 'state' }])
    }
  })

  it.each([
    'state=lost',
    'since=yesterday',
    'until=2026-13-01',
    'since=2026-01-01T25:00',
    'limit=1001',
    'colour=red',
  ])('refuse ?%s', async (search) => {
    const { status, body } = await api.call('GET', `${path}?${search}`)
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe(search.split('=')[0])
  })
})

describe('deliveries', () => {
  it('are listed newest first, and by outcome', async () => {
    const { call, database } = await withMessages(0)
    await database.sql`
      insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, status, duration_ms, error, response, fixed_headers)
      select s.id, 'msg_' || n, array[n, 9007199254740993], 1, now(), n % 2 = 0, 200, 1.5, null, 'ok', '{"authorization":"***"}'
      from rowhook.sink s, generate_series(1, 3) n`
    const { body } = await call('GET', '/api/sinks/orders/deliveries')
    expect(body.data.map(({ webhook_id }: { webhook_id: string }) => webhook_id)).toEqual([
      'msg_3',
      'msg_2',
      'msg_1',
    ])
    expect(body.data[0]).toMatchObject({
      event_ids: ['3', '9007199254740993'],
      attempt: 1,
      outcome: 'failed',
      status: 200,
      duration_ms: 1.5,
      error: null,
      response: 'ok',
      request_headers: {
        authorization: '***',
        'rowhook-attempt': '1',
        'webhook-id': 'msg_3',
        'webhook-timestamp': String(Math.floor(Date.parse(body.data[0].at) / 1000)),
        'webhook-signature': '***',
      },
    })
    const ok = await call('GET', '/api/sinks/orders/deliveries?outcome=ok')
    expect(ok.body.data.map(({ webhook_id }: { webhook_id: string }) => webhook_id)).toEqual(['msg_2'])
    const page = await call('GET', '/api/sinks/orders/deliveries?limit=2')
    const rest = await call('GET', `/api/sinks/orders/deliveries?limit=2&cursor=${page.body.next_cursor}`)
    expect(rest.body.data).toHaveLength(1)
  })
})
