// The guarantees, over simulated lives of a stream (simulation/world.ts).
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Life, type World, createWorld } from './simulation/world.ts'

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const plain: Life = {
  seed: 1,
  groups: 20,
  concurrency: 8,
  batchSize: 1,
  maxRetryCount: null,
  moving: 0,
  unordered: 0,
  truncating: 0,
  flaky: 0,
  databaseFails: 0,
  poisoned: 0,
  slow: 0,
  faults: 0,
}

function begin(life: Partial<Life>): World {
  const world = createWorld({ ...plain, ...life })
  vi.spyOn(Math, 'random').mockImplementation(world.random)
  world.start()
  return world
}

const lives = fc.record<Life>({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  groups: fc.integer({ min: 1, max: 30 }),
  concurrency: fc.constantFrom(1, 2, 4, 16),
  batchSize: fc.constantFrom(1, 2, 5, 20),
  maxRetryCount: fc.constantFrom(null, null, 0, 1, 3),
  moving: fc.constantFrom(0, 0, 0.1, 0.5),
  unordered: fc.constantFrom(0, 0.2),
  truncating: fc.constantFrom(0, 0, 0.02, 0.2),
  flaky: fc.constantFrom(0, 0.05, 0.3, 0.8),
  databaseFails: fc.constantFrom(0, 0, 0.2),
  poisoned: fc.constantFrom(0, 0, 1, 3),
  slow: fc.constantFrom(0, 0.02),
  faults: fc.constantFrom(0, 0, 0.01),
})
const steps = fc.array(
  fc.record({
    changes: fc.integer({ min: 0, max: 60 }),
    ms: fc.constantFrom(1, 5, 30, 200, 1500, 8000),
    event: fc.constantFrom(
      'nothing',
      'nothing',
      'nothing',
      'kill',
      'freeze',
      'drain',
      'edit',
      'alter',
      'alter',
      'discard',
      'redeliver',
      'vanish',
      'outage',
      'recovery',
    ),
  }),
  { minLength: 1, maxLength: 25 },
)

type Step = { changes: number; ms: number; event: string }

async function live(world: World, plan: Step[], without: string[] = []): Promise<void> {
  for (const { changes, ms, event } of plan) {
    world.change(changes)
    await world.pass(ms)
    if (without.includes(event)) continue
    if (event === 'outage') world.setMood(() => ({ status: 503, latencyMs: 2 }))
    if (event === 'recovery') world.setMood(null)
    if (event === 'drain') await world.drain()
    if (event === 'edit') await world.edit()
    if (event === 'alter') await world.alter()
    if (event === 'discard' || event === 'redeliver') await world.command(event)
    if (event === 'vanish') world.vanish()
    if (event === 'kill') world.kill()
    if (event === 'freeze') world.freeze()
    if (event === 'drain' || event === 'kill' || event === 'freeze') world.start()
  }
  await world.settle()
}

const numRuns = process.env['FULL'] === '1' ? 3000 : 150

test('whatever happens, nothing is lost, nothing is out of order, and no state is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(lives, steps, async (life, plan) => {
      const world = begin(life)
      await live(world, plan)
      const { lost, ungrouped, outOfOrder, late, stateRows } = world
      expect({ lost, ungrouped, outOfOrder, late, stateRows }).toEqual({
        lost: 0,
        ungrouped: 0,
        outOfOrder: 0,
        late: 0,
        stateRows: 0,
      })
      world.kill()
    }),
    { numRuns },
  )
}, 300_000)

test('a dispatcher that is drained repeats nothing, and counts every message once', async () => {
  await fc.assert(
    fc.asyncProperty(lives, steps, async (life, plan) => {
      const world = begin({ ...life, faults: 0 })
      // of a request that is under way when one of its messages is discarded, nobody hears any more
      await live(world, plan, ['kill', 'freeze', 'discard'])
      await world.drain()
      expect({ lost: world.lost, duplicated: world.duplicated, outOfOrder: world.outOfOrder }).toEqual({
        lost: 0,
        duplicated: 0,
        outOfOrder: 0,
      })
      expect(world.storedDelivered).toBe(world.delivered)
    }),
    { numRuns },
  )
}, 300_000)

test('after 410 nothing more is sent, before anybody has noticed that the sink is paused', async () => {
  const world = begin({ concurrency: 1 })
  world.setMood(() => ({ status: 410, latencyMs: 2 }))
  world.change(20)
  await world.pass(10_000)
  expect(world.requests).toBe(1)
  world.setMood(null)
  await world.edit()
  await world.settle()
  const { lost, outOfOrder, stateRows } = world
  expect({ lost, outOfOrder, stateRows }).toEqual({ lost: 0, outOfOrder: 0, stateRows: 0 })
})

test('a fault of ours while an answer is settled, or the log is read, ends the run and nothing else', async () => {
  const world = begin({ faults: 0.05, flaky: 0.3, maxRetryCount: 3, batchSize: 5 })
  for (let i = 0; i < 50; i += 1) {
    world.change(20)
    await world.pass(1000)
  }
  await world.settle()
  expect({ lost: world.lost, outOfOrder: world.outOfOrder, stateRows: world.stateRows }).toEqual({
    lost: 0,
    outOfOrder: 0,
    stateRows: 0,
  })
  world.kill()
})

test('what an answer names as failed is first in its group, although the sink was edited meanwhile', async () => {
  const world = begin({ groups: 1, batchSize: 5 })
  const ids = world.change(5, 0)
  world.setMood(() => ({ latencyMs: 2000, failed: [ids[1]!] }))
  await world.pass(100)
  await world.edit()
  world.change(5, 0)
  await world.pass(2500)
  world.setMood(null)
  await world.settle()
  expect({ lost: world.lost, duplicated: world.duplicated, outOfOrder: world.outOfOrder }).toEqual({
    lost: 0,
    duplicated: 0,
    outOfOrder: 0,
  })
  world.kill()
})

test('of a batch, what was lost is not counted as delivered, although the sink was edited while the rest was under way', async () => {
  const world = begin({ groups: 5, batchSize: 5 })
  world.setMood(() => ({ status: 500, latencyMs: 5 }))
  const ids = world.change(5)
  await world.pass(100)
  world.vanish(ids.slice(0, 2))
  world.setMood(() => ({ latencyMs: 2000 }))
  await world.pass(1500)
  await world.reload()
  await world.settle()
  await world.drain()
  expect([world.delivered, world.storedDelivered]).toEqual([3, 3])
})

test('of what is in a batch behind a truncate and, after a crash, set aside once more, the groups are kept', async () => {
  const world = begin({
    seed: 823226895,
    groups: 2,
    concurrency: 4,
    batchSize: 2,
    unordered: 0.2,
    truncating: 0.2,
    poisoned: 3,
  })
  world.change(16)
  await world.pass(200)
  world.vanish()
  for (const [changes, ms] of [
    [35, 1500],
    [43, 5],
    [49, 1500],
  ] as const) {
    world.change(changes)
    await world.pass(ms)
  }
  world.kill()
  world.start()
  world.change(48)
  await world.pass(8000)
  world.change(11)
  await world.pass(1)
  await world.edit()
  await world.settle()
  expect({ lost: world.lost, ungrouped: world.ungrouped, outOfOrder: world.outOfOrder }).toEqual({
    lost: 0,
    ungrouped: 0,
    outOfOrder: 0,
  })
  world.kill()
})

test('what was written down before a crash is not read from the log once more', async () => {
  const world = begin({ groups: 3, concurrency: 4 })
  const [hanging] = world.change(1, 0)
  const failing = new Set(world.change(3, 1))
  const [well] = world.change(1, 2)
  // one whose answer never comes keeps the position where it was
  world.setMood(({ members: [m] }) =>
    m!.id === hanging ? { latencyMs: 100_000_000 } : { latencyMs: 5, status: failing.has(m!.id) ? 500 : 200 },
  )
  await world.pass(300)
  expect(world.acknowledgedAt.has(well!)).toBe(true)
  expect(world.stateRows).toBe(3)
  world.kill()
  world.setMood(() => ({ latencyMs: 5 }))
  world.start()
  await world.pass(5000)
  // the one that hung, the one that had failed and the two behind it, and what was delivered but not passed
  expect({ lost: world.lost, outOfOrder: world.outOfOrder, requests: world.requests }).toEqual({
    lost: 0,
    outOfOrder: 0,
    requests: 3 + 5,
  })
  world.kill()
})

test('rows wait for each truncate that is not through, not for the last alone', async () => {
  const world = begin({ truncating: 1, batchSize: 5, concurrency: 1 })
  world.setMood(() => ({ latencyMs: 500 }))
  world.change(1, 0)
  await world.pass(100)
  const [first] = world.change(2)
  world.setMood(() => ({ latencyMs: 10, failed: [first!] }))
  await world.pass(600)
  world.change(3, 7)
  await world.pass(200)
  world.setMood(null)
  await world.settle()
  expect({ requests: world.requests, lost: world.lost, outOfOrder: world.outOfOrder }).toEqual({
    requests: 4,
    lost: 0,
    outOfOrder: 0,
  })
  world.kill()
})

const minutes = (n: number) => n * 60_000

/** Changes of random groups at a steady rate. */
async function keepChanging(world: World, perSecond: number, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 1000) {
    world.change(perSecond)
    await world.pass(1000)
  }
}

test.for([
  { groups: 1, batchSize: 1 },
  { groups: 500, batchSize: 1 },
  { groups: 500, batchSize: 100 },
])(
  'an endpoint that is down for long leaves next to no rows: $groups groups, batches of $batchSize',
  { timeout: 60_000 },
  async (life) => {
    const world = begin(life)
    await keepChanging(world, 20, 5000)
    world.setMood(() => ({ status: 503, latencyMs: 5 }))
    let most = 0
    for (let minute = 0; minute < 10; minute += 1) {
      await keepChanging(world, 10, minutes(1))
      if (minute === 5) {
        await world.drain()
        world.start()
      }
      most = Math.max(most, world.stateRows)
    }
    expect(most).toBeLessThan(300)
    expect(world.requests).toBeLessThan(200)
    await world.settle()
    expect({ lost: world.lost, outOfOrder: world.outOfOrder }).toEqual({ lost: 0, outOfOrder: 0 })
    expect(world.duplicated).toBe(0)
    world.kill()
  },
)

test('groups that fail never delay the others, be these frequent or rare', async () => {
  const world = begin({ groups: 40, poisoned: 20 })
  const delays: number[] = []
  const healthy = async (perStep: number, steps: number, everyMs: number) => {
    for (let i = 0; i < steps; i += 1) {
      const began = performance.now()
      const ids = Array.from({ length: perStep }, (_, n) => world.change(1, 20 + ((i + n) % 20))[0]!)
      world.change(1, i % 20)
      await world.pass(everyMs)
      for (const id of ids) delays.push((world.acknowledgedAt.get(id) ?? Infinity) - began)
    }
  }
  await healthy(1, 600, 100)
  await healthy(1, 40, 15_000)
  expect(delays.filter((ms) => ms > 1200)).toEqual([])
  world.kill()
})

test.for([1, 10])(
  'hundreds of groups that begin to fail at once do not delay those that were well, in batches of %i',
  { timeout: 60_000 },
  async (batchSize) => {
    const world = begin({ groups: 340, poisoned: 300, batchSize, concurrency: 16 })
    const well = () => world.change(1, 300 + Math.floor(world.random() * 40))[0]!
    for (let group = 300; group < 340; group += 1) world.change(1, group)
    await world.pass(1000)
    for (let group = 0; group < 300; group += 1) world.change(1, group)
    const delays: number[] = []
    const sent = new Map<number, number>()
    for (let i = 0; i < 300; i += 1) {
      sent.set(well(), performance.now())
      await world.pass(100)
    }
    for (const [id, at] of sent) delays.push((world.acknowledgedAt.get(id) ?? Infinity) - at)
    expect(delays.filter((ms) => ms > 500)).toEqual([])
    world.kill()
  },
)

test.for(['reload', 'drain', 'kill'] as const)(
  'while an endpoint is down, %ss neither hammer it nor lengthen the time until it is tried again',
  async (how) => {
    const world = begin({ groups: 100 })
    world.change(20)
    await world.pass(1000)
    world.setMood(() => ({ status: 503, latencyMs: 5 }))
    const { requests } = world
    for (let second = 0; second < 60; second += 1) {
      world.change(5)
      await world.pass(1000)
      if (second % 4 !== 3) continue
      if (how === 'reload') await world.reload()
      if (how === 'drain') await world.drain()
      if (how === 'kill') world.kill()
      if (how !== 'reload') world.start()
    }
    // as many as run side by side, a few of groups that were well, and probes 1, 2, 4, … s apart
    expect(world.requests - requests).toBeLessThan(8 + 4 + 7)
    world.setMood(null)
    const { delivered } = world
    await world.pass(80_000)
    expect(world.delivered).toBeGreaterThan(delivered)
    world.kill()
  },
)

test('a receiver that is down for seconds is not left alone for longer because one message failed for hours', async () => {
  const world = begin({ groups: 40, poisoned: 1 })
  world.change(1, 0)
  await world.pass(minutes(200))
  world.setMood(() => ({ status: 503, latencyMs: 5 }))
  for (let i = 0; i < 5; i += 1) {
    world.change(1, 10 + i)
    await world.pass(1000)
  }
  world.setMood(null)
  await world.pass(20_000)
  expect(world.delivered).toBe(5)
  world.kill()
})
