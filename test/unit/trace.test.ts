// Spans with a provider that writes down what it is asked, and without any.
import { type Span, type SpanOptions, SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, describe, expect, test } from 'vitest'
import { traceRun } from '../../src/trace.ts'

interface Recorded {
  name: string
  options: SpanOptions
  attributes: Record<string, unknown>
  status?: { code: SpanStatusCode; message?: string }
  ended: boolean
}

/** Registers a provider; returns the spans that it makes. */
function register(traceFlags: number): Recorded[] {
  const spans: Recorded[] = []
  const startSpan = (name: string, options: SpanOptions = {}): Span => {
    const span: Recorded = { name, options, attributes: { ...options.attributes }, ended: false }
    spans.push(span)
    const id = String(spans.length).padStart(16, '0')
    return {
      spanContext: () => ({ traceId: `${id}${id}`, spanId: id, traceFlags }),
      setAttribute: (key: string, value: unknown) => void (span.attributes[key] = value),
      setStatus: (status: Recorded['status']) => void (span.status = status!),
      end: () => void (span.ended = true),
    } as unknown as Span
  }
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => {} }) } as never)
  return spans
}

afterEach(() => trace.disable())

const request = {
  url: 'https://app.example.com/hooks?key=secret',
  webhookId: 'msg_1',
  attempt: 3,
  messages: 2,
}

test('nothing is traced where nobody registered a provider', () => {
  expect(traceRun('orders', null)).toBeUndefined()
})

describe('with a provider', () => {
  test('a request is a trace of its own, linked to its run, and ends with its status', () => {
    const spans = register(1)
    const run = traceRun('orders', null)!
    const span = run.request(request)
    expect(span.traceparent).toBe('00-00000000000000020000000000000002-0000000000000002-01')
    span.end(503, '503 Service Unavailable')
    run.end()
    expect(spans).toMatchObject([
      { name: 'rowhook run', attributes: { 'rowhook.sink': 'orders' }, ended: true },
      {
        name: 'POST',
        options: { links: [{ context: { spanId: '0000000000000001' } }] },
        attributes: {
          'server.address': 'app.example.com',
          'server.port': 443,
          'http.request.resend_count': 2,
          'http.response.status_code': 503,
          'messaging.batch.message_count': 2,
          'rowhook.webhook_id': 'msg_1',
        },
        status: { code: SpanStatusCode.ERROR },
        ended: true,
      },
    ])
  })

  test('what is not sampled says so to the receiver', () => {
    register(0)
    expect(traceRun('orders', 'r1')!.request(request).traceparent).toMatch(/-00$/)
  })

  test('no path and no query of a URL stands in a span', () => {
    const spans = register(1)
    traceRun('orders', null)!.request(request)
    expect(JSON.stringify(spans)).not.toContain('secret')
  })
})
