// One attempt of a batch: body, signature, headers, the exchange, its line in the delivery log.
import type { Metrics } from '../metrics.ts'
import type { RunTrace } from '../trace.ts'
import type { Batch } from './batch.ts'
import type { Exchange } from './exchange.ts'
import type { Journal } from './journal.ts'
import { judge } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import type { Sender } from './send.ts'
import type { Target } from './target.ts'

export interface ExchangeOptions {
  target: Target
  sender: Sender
  journal: Journal
  metrics: Metrics
  /** Unix milliseconds by the database's clock. */
  clock(): number
  /** Whose connections it uses: one set per stream, so that no stream takes another's. */
  connectionKey: string
  replayId: string | null
  /** Where somebody traces: the run's span. */
  trace?: RunTrace | undefined
}

/** Makes the function that sends one attempt of a batch; its members' payloads must be loaded. */
export function createExchange(
  options: ExchangeOptions,
): (batch: Batch, mayWrite: () => boolean) => Promise<Exchange> {
  const { target, sender, journal, metrics } = options
  const count = metrics.requests(target.sink.name)
  const { headers: plainHeaders, encrypted_headers } = target.sink.endpoint
  const secretHeaders = Object.keys(encrypted_headers)
  // The endpoint's own wins: it was set on purpose.
  const hasTraceparent = [...Object.keys(plainHeaders), ...secretHeaders].some((name) =>
    /^traceparent$/i.test(name),
  )

  return async (batch, mayWrite) => {
    const body = target.body(batch.members.map((m) => m.payload!))
    const at = options.clock()
    const headers = target.headers(batch, Math.floor(at / 1000), body)
    const span = options.trace?.request({
      url: target.url,
      webhookId: batch.id,
      attempt: batch.attempt,
      messages: batch.members.length,
    })
    if (span !== undefined && !hasTraceparent) headers.push('traceparent', span.traceparent)
    const exchange = await sender.send({
      endpointKey: options.connectionKey,
      url: target.url,
      headers,
      body,
      timeoutMs: target.requestTimeoutMs,
      compression: target.sink.compression,
      tls: target.tls,
      sinkId: target.sink.id,
      secretHeaders,
      mayWrite,
    })
    if (exchange.error?.code === 'unsent') {
      span?.end(undefined, exchange.error.message)
      return exchange
    }
    const outcome = judge(exchange, keysOf(batch))
    const ok = outcome.kind !== 'failed'
    const error = errorOf(outcome, batch.members.length)
    span?.end(exchange.status, error ?? undefined)
    count(batch, exchange, ok, at)
    journal.add({
      sinkId: target.sink.id,
      replayId: options.replayId,
      webhookId: batch.id,
      eventIds: batch.members.map((m) => m.id),
      attempt: batch.attempt,
      at,
      ok,
      acknowledged: acknowledgedOf(outcome, batch.members.length),
      status: exchange.status ?? null,
      durationMs: exchange.durationMs,
      error,
      response: target.shownResponse(exchange.body),
      fixedHeaders: shownTo(exchange.listener, target.fixedHeaders),
    })
    return exchange
  }

  // Lazy: the keys matter only when the answer names some as failed.
  function* keysOf(batch: Batch): Iterable<string> {
    for (const m of batch.members) yield target.keyOf(m.payload!)
  }
}

function acknowledgedOf(outcome: Outcome, members: number): number {
  if (outcome.kind === 'delivered') return members
  return outcome.kind === 'partial' ? members - outcome.failed.size : 0
}

function errorOf(outcome: Outcome, members: number): string | null {
  if (outcome.kind === 'failed') return outcome.error
  if (outcome.kind === 'delivered') return null
  return `the receiver named ${outcome.failed.size} of ${members} messages as failed`
}

/** Headers for the delivery log, which has to say when it was not the endpoint that answered. */
function shownTo(listener: string | undefined, headers: string): string {
  return listener === undefined
    ? headers
    : `{"rowhook-listener":${JSON.stringify(listener)},${headers.slice(1)}`
}
