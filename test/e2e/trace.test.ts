// Receivers get a traceparent only from a rowhook whose operator registered a tracer provider.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { insertItems } from '../support/items.ts'

const api = pathToFileURL(createRequire(import.meta.url).resolve('@opentelemetry/api')).href

/** What an operator preloads, cut down to what rowhook calls. */
const preload = `
import api from '${api}'
const span = { spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
  setAttribute() {}, setStatus() {}, end() {} }
api.trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: () => span }) })
`

test('a registered provider is used', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'rowhook-trace-')), 'tracing.mjs')
  writeFileSync(file, preload)
  const stage = await setStage({ env: { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` } })
  const sink = await stage.sink()
  await insertItems(stage.database.sql, sink.table, 1, 1)
  const [request] = await sink.receiver.waitForRequests(1)
  expect(request!.headers['traceparent']).toBe(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
})

test('an endpoint that sets traceparent itself keeps its own', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'rowhook-trace-')), 'tracing.mjs')
  writeFileSync(file, preload)
  const stage = await setStage({ env: { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` } })
  const sink = await stage.sink({ endpoint: { headers: { Traceparent: 'mine' } } })
  await insertItems(stage.database.sql, sink.table, 1, 1)
  const [request] = await sink.receiver.waitForRequests(1)
  expect(request!.headers['traceparent']).toBe('mine')
})

test('without one there is no header', async () => {
  const stage = await setStage()
  const sink = await stage.sink()
  await insertItems(stage.database.sql, sink.table, 1, 1)
  const [request] = await sink.receiver.waitForRequests(1)
  expect(request!.headers).not.toHaveProperty('traceparent')
})
