// Whole command lines against an API that answers as told: what is asked, what is printed, how it ends.
import { describe, expect, test } from 'vitest'
import { createClient } from '../../../src/cli/client.ts'
import { runCommandLine } from '../../../src/cli/run.ts'
import type { Terminal } from '../../../src/cli/terminal/terminal.ts'

interface Asked {
  method: string
  path: string
  body?: any
}

type Reply = { status?: number; body?: unknown; text?: string; type?: string }

/** Runs a command line; `reply` answers each request. */
async function run(
  argv: string[],
  reply: (asked: Asked, index: number) => Reply = () => ({ body: {} }),
  options: { env?: Record<string, string>; interactive?: boolean; answer?: boolean } = {},
) {
  const asked: Asked[] = []
  const out: string[] = []
  const notes: string[] = []
  const terminal: Terminal = {
    print: (line) => out.push(line),
    note: (line) => notes.push(line),
    progress: () => {},
    confirm: async () => options.answer ?? false,
    interactive: options.interactive ?? false,
    coloured: false,
    columns: undefined,
  }
  const client = createClient({
    place: 'http://rowhook.test',
    local: false,
    token: 'tok',
    async send(path, { method = 'GET', body }) {
      const each: Asked = { method, path, ...(typeof body === 'string' ? { body: JSON.parse(body) } : {}) }
      asked.push(each)
      const { status = 200, body: value, text, type = 'application/json' } = reply(each, asked.length - 1)
      if (status === 204) return new Response(null, { status })
      return new Response(text ?? JSON.stringify(value), { status, headers: { 'content-type': type } })
    },
  })
  const code = await runCommandLine(argv, {
    terminal,
    env: options.env ?? {},
    connect: async () => client,
    signal: new AbortController().signal,
  })
  return { code, asked, out, notes }
}

const problem = (status: number, detail: string, errors?: object[]): Reply => ({
  status,
  type: 'application/problem+json',
  body: { type: 'urn:rowhook:x', title: 't', status, detail, ...(errors === undefined ? {} : { errors }) },
})

describe('--json', () => {
  test('prints the very text of the API, digits included', async () => {
    const text = '{"data":[{"id":12345678901234567890}],"next_cursor":null}'
    expect((await run(['messages', 'orders', '--json'], () => ({ text }))).out).toEqual([text])
  })
})

describe('what is asked', () => {
  test('escapes names in paths and passes on filters', async () => {
    const { asked } = await run(['messages', 'a/b?', '--state', 'failing', '--group', '1:2'], () => ({
      body: { data: [], next_cursor: null },
    }))
    expect(asked[0]!.path).toBe('/api/sinks/a%2Fb%3F/messages?state=failing&group=1%3A2')
  })

  test('of a sink is what the options say, and nothing else', async () => {
    const argv =
      'sinks create orders --endpoint app --table t --batch-size 10 --group-by a,b --rate-limit none --batch no'
    const { asked } = await run(argv.split(' '), () => ({ status: 400, body: {} }))
    expect(asked[0]!.body).toEqual({
      name: 'orders',
      endpoint: 'app',
      tables: [{ name: 't', group_by: ['a', 'b'] }],
      batch: false,
      batch_size: 10,
      rate_limit: null,
    })
  })

  test('of an endpoint fills in variables of secrets', async () => {
    const argv = [
      'endpoints',
      'create',
      'app',
      '--url',
      'https://x',
      '--encrypted-header',
      'authorization=Bearer ${T}',
    ]
    const { asked } = await run(argv, () => ({ status: 400, body: {} }), { env: { T: 'secret' } })
    expect(asked[0]!.body).toEqual({
      name: 'app',
      url: 'https://x',
      encrypted_headers: { authorization: 'Bearer secret' },
    })
    expect(await run(argv)).toMatchObject({
      code: 2,
      asked: [],
      notes: ['rowhook: the variable T is not set'],
    })
  })

  test('for a backfill of everything are the tables of the sink', async () => {
    const { asked } = await run(['backfills', 'start', 'orders'], ({ method }) =>
      method === 'GET'
        ? { body: { tables: [{ name: 'a' }, { name: 'b' }] } }
        : { body: { id: 'x', state: 'active', rows_total: null, rows_done: 0, error: null } },
    )
    expect(asked[1]!.body).toEqual({ tables: [{ name: 'a' }, { name: 'b' }] })
  })
})

describe('exit codes', () => {
  test('2 for a wrong command line, before anything is asked', async () => {
    expect(await run(['sinks', 'create'])).toMatchObject({ code: 2, asked: [] })
    expect(await run(['sinks', 'create', 'x', '--filter', 'a'])).toMatchObject({ code: 2, asked: [] })
    expect(await run(['messages', 'discard', 'orders'])).toMatchObject({ code: 2, asked: [] })
    expect(await run([])).toMatchObject({ code: 2 })
  })

  test('0 and 3 for a plan without and with changes', async () => {
    const plan = (changes: object[]) =>
      run(['plan', 'test/unit/cli/empty.yml'], () => ({ body: { changes } }))
    expect((await plan([])).code).toBe(0)
    expect((await plan([{ action: 'delete', kind: 'sink', name: 'x', diff: [] }])).code).toBe(3)
  })

  test('3 for a doctor who found a problem, 0 for one who only warns', async () => {
    const doctor = (status: string) => run(['doctor'], () => ({ body: { status, findings: [] } }))
    expect((await doctor('problem')).code).toBe(3)
    expect((await doctor('warning')).code).toBe(0)
  })

  test('1 for a filter that is not valid, a test that failed, a backfill that failed', async () => {
    expect(
      (await run(['filters', 'check', 't', 'x'], () => ({ body: { valid: false, error: 'e', position: 1 } })))
        .code,
    ).toBe(1)
    expect((await run(['endpoints', 'test', 'x'], () => ({ body: { outcome: 'failed' } }))).code).toBe(1)
    const failed = { id: 'x', state: 'failed', rows_total: 1, rows_done: 0, error: 'no right' }
    expect(await run(['backfills', 'get', 's', 'x', '--watch'], () => ({ body: failed }))).toMatchObject({
      code: 1,
      out: ['x failed, 0 rows: no right'],
    })
  })
})

describe('errors', () => {
  test('are one line with the next step', async () => {
    expect(await run(['sinks', 'get', 'x'], () => problem(404, 'there is no sink "x".'))).toMatchObject({
      code: 1,
      notes: ['rowhook: there is no sink "x".'],
      out: [],
    })
    expect((await run(['sinks'], () => problem(401, 'send a token.'))).notes).toEqual([
      'rowhook: send a token. Set ROWHOOK_TOKEN to a token of this rowhook (rowhook tokens create makes one).',
    ])
  })

  test('of bad input are a line for each field', async () => {
    const errors = [
      { path: 'tables[0].filter', message: 'no such column', position: 5 },
      { path: 'endpoint', message: 'is missing' },
    ]
    const { notes } = await run(['sinks', 'create', 'x', '--path', '/'], () => problem(400, 'bad', errors))
    expect(notes).toEqual([
      'rowhook: 2 things are wrong',
      '  tables[0].filter: no such column (at character 5)',
      '  endpoint: is missing',
    ])
  })

  test('of something that is not rowhook say so', async () => {
    const { notes } = await run(['sinks'], () => ({ status: 502, text: '<html>', type: 'text/html' }))
    expect(notes[0]).toMatch(/answers 502, and not in the words of rowhook/)
  })

  test('never move the cursor', async () => {
    const { notes } = await run(['sinks'], () => problem(400, 'a\u001b[2Jb'))
    expect(notes[0]).not.toContain('\u001b')
  })
})

describe('apply', () => {
  const changes = [{ action: 'create', kind: 'endpoint', name: 'app', diff: [], signing_secret: 'whsec_x' }]
  const apply = (options: Parameters<typeof run>[2]) =>
    run(['apply', 'test/unit/cli/empty.yml'], () => ({ body: { changes } }), options)

  test('asks on a terminal, and does nothing without a yes', async () => {
    const { code, asked } = await apply({ interactive: true, answer: false })
    expect(code).toBe(1)
    expect(asked.map(({ path }) => path)).toEqual(['/api/config/plan'])
  })

  test('asks nothing elsewhere, and prints secrets that were made', async () => {
    const { code, asked, out } = await apply({ interactive: false })
    expect(code).toBe(0)
    expect(asked.map(({ path }) => path)).toEqual(['/api/config/apply'])
    expect(out).toContain('whsec_x')
  })
})

test('problems of a document name its line', async () => {
  const { notes } = await run(['plan', 'test/unit/cli/two-sinks.yml'], () =>
    problem(400, 'bad', [{ path: 'sinks[1].endpoint', message: 'is not there' }]),
  )
  expect(notes).toEqual(['rowhook: test/unit/cli/two-sinks.yml:6: sinks[1].endpoint: is not there'])
})
