// What a dispatcher does when it is told of news just as it has said that it sleeps.
import { pino } from 'pino'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createMetrics } from '../../../src/metrics.ts'
import type { Runner } from '../../../src/schedule/runner.ts'
import { createDispatcher } from '../../../src/schedule/dispatcher.ts'
import { createDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'

const noRuns: Runner = {
  start: async () => false,
  announce: () => 0,
  sync: () => {},
  interrupt: async () => {},
  wakeAll: () => {},
  abortAll: () => {},
  drain: async () => {},
  sinkIds: () => [],
  active: false,
  size: 0,
  stuckSince: () => undefined,
}

test('a wake-up that comes before the answer to the beat that goes to sleep wakes it', async () => {
  const { url, sql } = await createDatabase()
  const own = connect(url, { max: 4 })
  let pulses = 0
  let held: (() => void) | undefined
  let woken: (() => void) | undefined
  const between: Sql = new Proxy(own, {
    apply(target, that, [strings, ...values]: [TemplateStringsArray, ...unknown[]]) {
      const query: Promise<unknown> = Reflect.apply(target, that, [strings, ...values])
      const text = String(strings?.raw ?? '')
      if (text.includes('rowhook.pulse(')) pulses++
      const sleeps = text.includes('rowhook.beat(') && values[1] === true
      if (!sleeps || held !== undefined) return query
      const released = new Promise<void>((resolve) => (held = resolve))
      return Promise.resolve(query).then(async (answer) => {
        await released
        return answer
      })
    },
    get: (target, name) =>
      name === 'listen'
        ? (channel: string, hear: (payload: string) => void, ...rest: []) =>
            target.listen(
              channel,
              (payload) => {
                hear(payload)
                if (payload === '') woken?.()
              },
              ...rest,
            )
        : Reflect.get(target, name),
  })
  const dispatcher = createDispatcher({
    sql: between,
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    version: 'test',
    mayListen: true,
    makeRunner: () => noRuns,
    queue: async () => {},
    onDead: async () => {},
    applyCommands: async () => {},
    reconnect: () => {},
  })
  await dispatcher.start()
  await eventually(() => expect(held).toBeDefined())
  const told = new Promise<void>((resolve) => (woken = resolve))
  await sql.notify('rowhook_wake', '')
  await told
  held!()
  pulses = 0
  // asleep, it would look again with its next beat only
  await new Promise((resolve) => setTimeout(resolve, 500))
  const looked = pulses
  await dispatcher.drain()
  await own.end()
  expect(looked).toBeGreaterThan(5)
})
