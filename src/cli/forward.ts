// The two ends of `rowhook listen` on this machine: the stream from the API, and the local program.

/** A line of the stream (src/api/listen.ts). */
export type Line =
  | { type: 'ready'; listener: string; sink: string; status: string; timeout_ms: number }
  | {
      type: 'request'
      id: string
      path: string
      headers: Record<string, string>
      body: string
      timeout_ms: number
    }
  | { type: 'ping' }
  | { type: 'end'; reason: string }

/** What goes back to the API. */
export type LocalAnswer =
  | { status: number; headers: { 'retry-after'?: string; 'content-type'?: string }; body: string }
  | { error: string }

/** As much of an answer as rowhook itself reads, 64 kB, and a byte more so that it sees that it was longer. */
const maxAnswerBytes = 65_537

/** The lines of a streamed answer. */
export async function* linesOf(response: Response): AsyncGenerator<Line> {
  let rest = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line !== '') yield JSON.parse(line) as Line
  }
}

/** Sends a request to the local program, and returns what it says. Never rejects. */
export async function forward(
  target: string,
  { headers, body, timeout_ms }: Extract<Line, { type: 'request' }>,
): Promise<LocalAnswer> {
  try {
    const response = await fetch(target, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout_ms),
    })
    const given: { 'retry-after'?: string; 'content-type'?: string } = {}
    for (const name of ['retry-after', 'content-type'] as const) {
      const value = response.headers.get(name)
      if (value !== null) given[name] = value.slice(0, 100)
    }
    return { status: response.status, headers: given, body: await readSome(response) }
  } catch (error) {
    return { error: reasonOf(error, timeout_ms) }
  }
}

async function readSome(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= maxAnswerBytes) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxAnswerBytes)
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if ((error as Error).name === 'TimeoutError')
    return `the local program did not answer within ${timeoutMs} ms`
  const { cause } = error as { cause?: unknown }
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause
  if (first instanceof Error)
    return `the local program: ${'code' in first ? String(first.code) : first.message}`
  return `the local program: ${(error as Error).message}`
}
