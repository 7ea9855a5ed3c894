// OpenTelemetry spans of runs and requests, and the `traceparent` that receivers get: only where whoever
// starts rowhook has registered a tracer provider (node --import ./tracing.js …). Without one nothing is
// made and no header is added.
//
// A request is a trace of its own with a link to its run: as children, all requests of a run that lasts
// for days would be one trace that no backend shows.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import type { Span, Tracer } from '@opentelemetry/api'

/** The run of a stream as it is traced. */
export interface RunTrace {
  /** Begins the span of a request. */
  request(about: { url: string; webhookId: string; attempt: number; messages: number }): RequestTrace
  end(): void
}

export interface RequestTrace {
  /** The header's value, W3C Trace Context. */
  readonly traceparent: string
  /** @param error why there was no whole answer, or what is wrong with it */
  end(status: number | undefined, error: string | undefined): void
}

/** Begins the span of a run; undefined when nobody traces. */
export function traceRun(sink: string, replayId: string | null): RunTrace | undefined {
  const tracer = activeTracer()
  if (tracer === undefined) return undefined
  const attributes = { 'rowhook.sink': sink, ...(replayId === null ? {} : { 'rowhook.replay_id': replayId }) }
  const run = tracer.startSpan('rowhook run', { attributes }, ROOT_CONTEXT)
  return {
    request: (about) => traceRequest(tracer, run, sink, about),
    end: () => run.end(),
  }
}

/** The tracer of the registered provider: the API's own stand-in has none to delegate to. */
function activeTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider()
  return 'getDelegateTracer' in provider
    ? (provider as { getDelegateTracer(name: string): Tracer | undefined }).getDelegateTracer('rowhook')
    : provider.getTracer('rowhook')
}

function traceRequest(
  tracer: Tracer,
  run: Span,
  sink: string,
  { url, webhookId, attempt, messages }: Parameters<RunTrace['request']>[0],
): RequestTrace {
  // The URL's path and query may hold a secret.
  const { hostname, port, protocol } = new URL(url)
  const span = tracer.startSpan(
    'POST',
    {
      kind: SpanKind.CLIENT,
      attributes: {
        'http.request.method': 'POST',
        'http.request.resend_count': attempt - 1,
        'server.address': hostname,
        'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
        'messaging.batch.message_count': messages,
        'rowhook.sink': sink,
        'rowhook.webhook_id': webhookId,
      },
      links: [{ context: run.spanContext() }],
    },
    ROOT_CONTEXT,
  )
  const { traceId, spanId, traceFlags } = span.spanContext()
  const sampled = (traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'
  return {
    traceparent: `00-${traceId}-${spanId}-${sampled}`,
    end(status, error) {
      if (status !== undefined) span.setAttribute('http.response.status_code', status)
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
      span.end()
    },
  }
}
