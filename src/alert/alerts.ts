// Operator alerts: what rowhook.raise_alert noted, brought to the sink's alert endpoint, signed like any
// other message. What is worth an alert is decided in SQL, by triggers on the states themselves; here are
// the two steps after that: notes become jobs, and a job becomes a request.
import type { Logger } from 'pino'
import { sendToEndpoint } from '../deliver/endpoint-message.ts'
import type { EndpointMail } from '../deliver/endpoint-message.ts'
import { judge } from '../deliver/outcome.ts'
import { RowhookError } from '../errors.ts'

/** The payload of a job `alert`, as rowhook.queue_alerts makes it. */
export interface AlertJob {
  id: string
  /** Endpoint id. */
  endpoint: string
  /** Name of the sink. */
  sink: string
  message: { type: string; timestamp: string; data: Record<string, unknown> }
}

export interface Alerts {
  /** Sends one; rejects when the receiver did not take it, so that the job is tried again. */
  send(job: AlertJob, attempt: number): Promise<void>
  start(): void
  stop(): void
}

/** Between looks whether there is something to tell. */
const everyMs = 5000

/** Makes the alerts of a dispatcher. */
export function createAlerts(mail: EndpointMail, logger: Logger): Alerts {
  let timer: NodeJS.Timeout | undefined

  async function queue(): Promise<void> {
    try {
      await mail.sql`select rowhook.queue_alerts()`
    } catch (error) {
      logger.warn({ err: error }, 'alerts could not be queued; trying again')
    }
  }

  return {
    async send({ id, endpoint, sink, message }, attempt) {
      const webhookId = `alert_${id}`
      const sent = await sendToEndpoint(mail, endpoint, {
        id: webhookId,
        attempt,
        sink,
        body: () => JSON.stringify(message),
      })
      if (sent === undefined) {
        logger.warn({ sink, type: message.type }, 'an alert has nowhere to go: its endpoint was deleted')
        return
      }
      const verdict = judge(sent.exchange, [webhookId])
      if (verdict.kind === 'failed') {
        throw new RowhookError(`alert ${message.type} of sink ${sink}: ${sent.redact(verdict.error)}`)
      }
      logger.info({ sink, type: message.type }, 'alert sent')
    },
    start() {
      timer = setInterval(() => void queue(), everyMs)
    },
    stop() {
      clearInterval(timer)
    },
  }
}
