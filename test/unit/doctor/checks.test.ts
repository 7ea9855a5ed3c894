// What each check says of what it was told; that it is told the truth is test/sql/doctor.
import { describe, expect, test } from 'vitest'
import { checkCapture } from '../../../src/doctor/capture.ts'
import { checkClock } from '../../../src/doctor/clock.ts'
import { checkConnection } from '../../../src/doctor/connection.ts'
import { checkDispatchers } from '../../../src/doctor/dispatchers.ts'
import { checkEndpoints, checkSecrets } from '../../../src/doctor/endpoints.ts'
import { type Finding, reportOf } from '../../../src/doctor/finding.ts'
import { checkPartitions } from '../../../src/doctor/partitions.ts'
import { checkRole } from '../../../src/doctor/role.ts'
import { type SinkState, checkSinks } from '../../../src/doctor/sinks.ts'
import { checkTriggers } from '../../../src/doctor/triggers.ts'
import { checkVersions } from '../../../src/doctor/versions.ts'
import { version } from '../../../src/db/release.ts'

const levels = (findings: Finding[]) => findings.map(({ level }) => level)
const texts = (findings: Finding[]) => findings.map(({ message, todo }) => `${message} | ${todo}`)

test('every finding but a good one says what to do, save plain facts', () => {
  const findings = [
    ...checkVersions({
      comparison: { state: 'behind', reason: 'the functions are of rowhook 0.0.1' },
      server: 130_000,
    }),
    ...checkPartitions([{ log: 'event', count: 0, hoursAhead: null, defaultUsed: true, keptFor: null }]),
    ...checkClock(60_000),
    ...checkConnection({ notifyMs: null, sameSession: false, prepares: true }),
    ...checkRole({ role: 'app', notOwned: ['rowhook'], noTrigger: ['public.a'], noSelect: ['public.a'] }),
  ]
  expect(
    findings.every(({ level, todo }) => (level === 'problem' || level === 'warning' ? todo !== null : true)),
  ).toBe(true)
  expect(levels(findings)).not.toContain('ok')
})

test('a report is as bad as its worst finding', () => {
  const finding = (level: Finding['level']): Finding => ({ check: 'x', level, message: '', todo: null })
  expect(reportOf([finding('ok'), finding('note')]).status).toBe('ok')
  expect(reportOf([finding('warning'), finding('note')]).status).toBe('warning')
  expect(reportOf([finding('warning'), finding('problem')]).status).toBe('problem')
})

describe('versions', () => {
  test.each([
    [130_022, 'problem'],
    [140_000, 'ok'],
    [180_004, 'ok'],
    [190_000, 'warning'],
  ])('of Postgres %i: %s', (server, level) => {
    expect(levels(checkVersions({ comparison: { state: 'current', reason: '' }, server }))).toEqual([
      'ok',
      level,
    ])
  })
})

describe('triggers', () => {
  const trigger = (enabled: 'O' | 'A' | 'R' | 'D' | null, table = 'public.o') => ({
    table,
    source: 'public.o',
    trigger: '00_rowhook_insert',
    missing: enabled === null,
    enabled,
  })
  const check = (enabled: Parameters<typeof trigger>[0]) =>
    texts(checkTriggers({ triggers: [trigger(enabled)], replicaRoles: [], subscribed: [] }))

  test('that are there and enabled are fine', () => {
    expect(check('O')).toEqual(['1 trigger on 1 table, all in place and enabled | null'])
    expect(check('A')).toEqual(check('O'))
  })

  test('that are missing, disabled or of replica mode come with the statement that mends them', () => {
    expect(check(null)[0]).toContain("Run: select rowhook.refresh('public.o')")
    expect(check('D')[0]).toContain('Run: alter table public.o enable trigger "00_rowhook_insert"')
    expect(check('R')[0]).toContain('replica mode')
  })

  test('of a partition are named with it, and mended through the root', () => {
    const [finding] = texts(
      checkTriggers({
        triggers: [trigger('O'), trigger(null, 'public.o_1')],
        replicaRoles: [],
        subscribed: [],
      }),
    )
    expect(finding).toMatch(/^public\.o_1 lacks .*refresh\('public\.o'\)$/)
  })

  test('that replication does not fire are told of, unless they always fire', () => {
    const check = (enabled: 'O' | 'A') =>
      levels(checkTriggers({ triggers: [trigger(enabled)], replicaRoles: [], subscribed: ['public.o'] }))
    expect(check('O')).toEqual(['warning'])
    expect(check('A')).toEqual(['ok'])
  })

  test('that a setting of a role switches off', () => {
    const [finding] = texts(
      checkTriggers({ triggers: [trigger('O')], replicaRoles: ['role etl'], subscribed: [] }),
    )
    expect(finding).toContain('alter role etl reset session_replication_role')
  })
})

test('capture: stale sinks and lost functions are problems, what a dispatcher mends is a warning', () => {
  const findings = checkCapture({
    sources: [
      { table: 'a', hasFunction: false, stale: true, foreign: [] },
      { table: 'b', hasFunction: true, stale: true, foreign: [] },
      { table: 'c', hasFunction: true, stale: false, foreign: [] },
    ],
    staleTables: [{ sink: 'orders', reason: 'column x was dropped' }],
  })
  expect(levels(findings)).toEqual(['problem', 'problem', 'warning'])
  expect(findings[0]!.message).toBe('sink orders is stale: column x was dropped')
})

test('dispatchers: none, dead ones, and those of another version', () => {
  const one = { name: 'a (pid 1)', version, silentS: 0.5, draining: false }
  expect(levels(checkDispatchers({ dispatchers: [], activeSinks: 1 }))).toEqual(['problem'])
  expect(levels(checkDispatchers({ dispatchers: [], activeSinks: 0 }))).toEqual(['note'])
  expect(levels(checkDispatchers({ dispatchers: [one], activeSinks: 1 }))).toEqual(['ok'])
  expect(
    levels(
      checkDispatchers({
        dispatchers: [one, { ...one, silentS: 60 }, { ...one, version: '0.0.1' }],
        activeSinks: 1,
      }),
    ),
  ).toEqual(['ok', 'warning', 'warning'])
})

describe('sinks', () => {
  const well: SinkState = {
    name: 'orders',
    health: 'ok',
    pending: 0,
    discarded: 0,
    lagMs: 0,
    blockedGroups: 0,
    lastError: null,
    statusReason: null,
    listener: null,
  }
  test.each<[Partial<SinkState>, Finding['level'][]]>([
    [{}, ['ok']],
    [{ lagMs: 30_000 }, ['ok']],
    [{ lagMs: 90_000 }, ['warning']],
    [{ health: 'failing', lastError: '503' }, ['problem']],
    [{ health: 'degraded' }, ['warning']],
    [{ health: 'paused' }, ['note']],
    [{ health: 'paused', statusReason: 'the receiver answered 410 Gone' }, ['warning']],
    [{ health: 'disabled' }, ['note']],
    [{ discarded: 3 }, ['warning']],
    [{ listener: 'token:ann' }, ['note']],
  ])('%j', (state, expected) => {
    expect(levels(checkSinks([{ ...well, ...state }]))).toEqual(expected)
  })
})

describe('endpoints', () => {
  const one = { name: 'app', sinks: 2, unreachable: null, unreadable: null, outdated: 0 }

  test('that nothing reaches are a problem where a sink needs them', () => {
    expect(levels(checkEndpoints([one]))).toEqual(['ok'])
    expect(levels(checkEndpoints([{ ...one, unreachable: 'DNS: no such host' }]))).toEqual(['problem'])
    expect(levels(checkEndpoints([{ ...one, sinks: 0, unreachable: 'x' }]))).toEqual(['warning'])
  })

  test('with secrets that no key opens, or an old one', () => {
    expect(levels(checkSecrets([{ ...one, unreadable: 'key gone' }]))).toEqual(['problem'])
    expect(levels(checkSecrets([{ ...one, outdated: 2 }]))).toEqual(['ok', 'note'])
  })
})

test('partitions that reach far enough ahead are fine', () => {
  expect(
    levels(checkPartitions([{ log: 'event', count: 5, hoursAhead: 72, defaultUsed: false, keptFor: null }])),
  ).toEqual(['ok'])
  expect(
    levels(checkPartitions([{ log: 'event', count: 5, hoursAhead: 3, defaultUsed: true, keptFor: null }])),
  ).toEqual(['warning', 'warning'])
})
