// A sink's health as a sentence, and what each thing that a person can do with it will do.
import { data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { count, counted, duration, moment } from '../html/quantity.ts'
import type { Message, Sink } from '../resources.ts'

/** @param failing messages that fail, as far as they were read; the soonest attempt among them is told */
export function healthSentence(sink: Sink, failing: readonly Message[]): Content {
  const waiting = counted(sink.pending, 'message')
  const next = failing
    .map(({ next_attempt_at }) => next_attempt_at)
    .filter((at) => at !== null)
    .toSorted()[0]
  const attempt = next === undefined ? '' : html` The next attempt is ${moment(next)}.`
  switch (sink.health) {
    case 'ok':
      if (sink.pending > 0) return `Sending. ${waiting} wait, the oldest for ${duration(sink.lag_ms ?? 0)}.`
      return sink.delivered === 0
        ? 'Ready. Nothing was captured yet.'
        : 'Everything that was captured is delivered.'
    case 'degraded':
      return html`${counted(sink.failing, 'message')} fail${sink.failing === 1 ? 's' : ''} and
      ${sink.blocked_groups === 1 ? 'blocks its group' : `block ${counted(sink.blocked_groups, 'group')}`};
      all other groups flow.${attempt}`
    case 'failing':
      return html`The circuit is open: several requests in a row failed. ${waiting} wait, and one request at a
      time probes whether the receiver is back.${attempt}`
    case 'stale':
      return html`A table changed under this sink: ${data(sink.last_error ?? '', 600)} Its changes are kept
      and wait; nothing unfiltered is sent. Edit the sink to let them flow.`
    case 'paused':
    case 'disabled':
      return html`${sink.health === 'paused' ? 'Paused' : 'Disabled'}${
        sink.status_reason === null ? '' : html` by rowhook: ${data(sink.status_reason, 600)}`
      }.
      Changes are kept: ${waiting} wait${sink.pending === 1 ? 's' : ''} and will be sent in order once it is
      resumed.`
  }
}

/** What a person can do with a sink, and what that does. */
export const actions = {
  pause: 'Stops sending within two seconds. Changes are still captured and wait; requests in flight finish.',
  resume: 'Sends what has waited, in order, and goes on.',
  disable: 'Like pausing, for good: it no longer counts as something that needs attention.',
  delete: 'Removes the sink with its messages, deliveries and backfills. What waits is not sent.',
}

/** How its requests are filled. */
export function batching({
  batch,
  batch_size,
  batch_timeout_ms,
}: Pick<Sink, 'batch' | 'batch_size' | 'batch_timeout_ms'>): string {
  if (!batch) return 'one bare message a request'
  const size = batch_size === 1 ? 'one message a request' : `up to ${count(batch_size)}`
  return batch_timeout_ms === 0 ? size : `${size}, waiting ${duration(batch_timeout_ms)} for more`
}

/** What stays in order. */
export function grouping(groupBy: readonly string[] | null): string {
  if (groupBy === null) return 'in order per row (primary key)'
  return groupBy.length === 0 ? 'in no order' : `in order per ${groupBy.join(', ')}`
}

/** What becomes of what fails. */
export function retrying({ max_retry_count: most }: Pick<Sink, 'max_retry_count'>): string {
  return most === null ? 'for ever, ever more rarely' : `${count(most)}, then discarded`
}
