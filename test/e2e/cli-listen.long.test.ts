// `rowhook listen`: what the local program says decides, wherever the sink's stream ran before.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { atEnd } from '../support/at-end.ts'
import { rowhook } from '../support/command.ts'
import { type Stage, type TestSink, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { type RowhookProcess, adminToken } from '../support/rowhook-process.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** A running `rowhook listen`. */
interface Listening {
  /** What it printed so far, standard output and standard error. */
  readonly text: string
  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null>
  kill(): void
}

/** Starts listening, and resolves once the server says that it is ready. */
async function listen(
  at: RowhookProcess,
  sink: TestSink,
  local: Receiver,
  ...args: string[]
): Promise<Listening> {
  const env = { PATH: process.env.PATH ?? '', ROWHOOK_URL: at.url, ROWHOOK_TOKEN: adminToken }
  const child: ChildProcess = spawn(
    process.execPath,
    [main, 'listen', sink.name, '--forward', `${local.url}/local`, ...args],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let text = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'close') as Promise<[number | null]>
  atEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await eventually(() => expect(text).toContain('Listening to'), { timeoutMs: 15_000 })
  return {
    get text() {
      return text
    },
    async interrupt() {
      child.kill('SIGINT')
      return (await ended)[0]
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

async function setUp(): Promise<{ stage: Stage; sink: TestSink; local: Receiver }> {
  const stage = await setStage()
  const sink = await stage.sink({ endpoint: { encrypted_headers: { authorization: 'Bearer hidden' } } })
  return { stage, sink, local: await receiver() }
}

test('messages go to the local program, and to the endpoint again after Ctrl-C', async () => {
  const { stage, sink, local } = await setUp()
  const listening = await listen(stage.rowhook, sink, local)
  await insertItems(stage.database.sql, sink.table, 1, 3)
  await local.waitFor(3)
  expect(sink.receiver.requests).toEqual([])
  const [request] = local.requests
  expect(request).toMatchObject({ path: '/local', method: 'POST' })
  expect(request!.headers).toMatchObject({
    'rowhook-sink': sink.name,
    'rowhook-attempt': '1',
    authorization: '***',
  })
  expect(request!.headers['webhook-signature']).toMatch(/^v1,/)
  await eventually(() => expect(listening.text.match(/^200 .*insert public\./gm)).toHaveLength(3))

  expect(await listening.interrupt()).toBe(0)
  await insertItems(stage.database.sql, sink.table, 4, 4)
  const [message] = await sink.receiver.waitFor(1)
  expect(message!.record).toMatchObject({ id: 4 })
  await eventually(async () => expect((await sink.show()).delivered).toBe(4))
})

test('what the local program refuses is sent again, and the delivery log names the listener', async () => {
  const { stage, sink, local } = await setUp()
  local.respond((_, index) => ({ status: index === 0 ? 503 : 200, body: index === 0 ? 'not yet' : '' }))
  const listening = await listen(stage.rowhook, sink, local)
  await insertItems(stage.database.sql, sink.table, 1, 1)
  await local.waitFor(1)
  await eventually(() => expect(listening.text).toMatch(/^200 .*attempt 2$/m))
  await eventually(async () => {
    const { data } = await sink.call('GET', '/deliveries')
    expect(data.map((each: any) => [each.status, each.request_headers['rowhook-listener']])).toEqual([
      [200, 'root'],
      [503, 'root'],
    ])
    expect(data[1].response).toBe('not yet')
  })
  expect(local.requests[1]!.headers['webhook-id']).toBe(local.requests[0]!.headers['webhook-id'])
})

test('a local program that is not there is a failed request', async () => {
  const { stage, sink, local } = await setUp()
  await local.close()
  const listening = await listen(stage.rowhook, sink, local)
  await insertItems(stage.database.sql, sink.table, 1, 1)
  await eventually(() => expect(listening.text).toContain('the local program: ECONNREFUSED'), {
    timeoutMs: 10_000,
  })
  await local.listen()
  await local.waitFor(1)
})

test('with several dispatchers the one that is listened at takes the sink over', async () => {
  const { stage, sink, local } = await setUp()
  await insertItems(stage.database.sql, sink.table, 1, 1)
  await sink.receiver.waitFor(1)
  const other = await stage.another()
  const listening = await listen(other, sink, local)
  // The first one may still have the stream when the next change comes: it finishes, and lets go.
  await eventually(async () => {
    const [row] = await stage.database.sql`
      select count(*)::int as held from rowhook.stream st join rowhook.dispatcher d on d.id = st.owner
      where d.pid = ${stage.rowhook.pid}`
    expect(row!['held']).toBe(0)
  })
  for (let id = 2; id <= 20; id++) await insertItems(stage.database.sql, sink.table, id, id)
  await local.waitFor(19)
  expect(sink.receiver.messages).toHaveLength(1)
  expect(await listening.interrupt()).toBe(0)
})

test('when the process that is listened at is killed, the endpoint gets the messages within 10 s', async () => {
  const { stage, sink, local } = await setUp()
  const other = await stage.another()
  await listen(other, sink, local)
  await insertItems(stage.database.sql, sink.table, 1, 1)
  await local.waitFor(1)
  await other.kill('SIGKILL')
  await insertItems(stage.database.sql, sink.table, 2, 2)
  // Possibly behind the first one, whose acknowledgement may not have been written down.
  await eventually(() => expect(sink.receiver.messages.map(({ record }) => record!['id'])).toContain(2), {
    timeoutMs: 12_000,
  })
})

test('when the listener is killed, what it had not answered goes to the endpoint', async () => {
  const { stage, sink, local } = await setUp()
  local.respond({ hang: true })
  const listening = await listen(stage.rowhook, sink, local)
  await insertItems(stage.database.sql, sink.table, 1, 1)
  await local.waitForRequests(1)
  listening.kill()
  const [message] = await sink.receiver.waitFor(1)
  expect(message!.record).toMatchObject({ id: 1 })
  expect(sink.receiver.requests[0]!.headers['rowhook-attempt']).toBe('2')
})

test('only one can listen, and only where something dispatches', async () => {
  const { stage, sink, local } = await setUp()
  await listen(stage.rowhook, sink, local)
  const env = { ROWHOOK_URL: stage.rowhook.url, ROWHOOK_TOKEN: adminToken }
  const args = ['listen', sink.name, '--forward', local.url]
  expect(await rowhook(args, env)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('root listens to this sink already'),
  })
  const idle = await stage.another({ args: ['--no-dispatch'] })
  expect(await rowhook(args, { ...env, ROWHOOK_URL: idle.url })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('dispatches nothing'),
  })
  expect(await rowhook(['listen', 'nothing', '--forward', local.url], env)).toMatchObject({ code: 1 })
  expect(await rowhook(['listen', sink.name], env)).toMatchObject({ code: 2 })
})

test('a rowhook that stops ends the listening, and drains', async () => {
  const { stage, sink, local } = await setUp()
  const listening = await listen(stage.rowhook, sink, local)
  expect(await stage.rowhook.kill('SIGTERM')).toMatchObject({ code: 0 })
  await eventually(() => expect(listening.text).toMatch(/The server ended it|connection was lost/))
  expect(await listening.interrupt()).toBe(0)
})
