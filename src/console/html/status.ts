// States of sinks, messages, deliveries, backfills and replays: always a word, with a colour beside it.
import { type Html, html } from './html.ts'

type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle'

const tones: Record<string, Tone> = {
  // health of a sink
  ok: 'good',
  degraded: 'warn',
  failing: 'bad',
  stale: 'bad',
  paused: 'idle',
  disabled: 'idle',
  // messages and deliveries
  pending: 'busy',
  delivered: 'good',
  discarded: 'warn',
  failed: 'bad',
  // backfills and replays
  active: 'busy',
  completed: 'good',
  cancelled: 'idle',
}

/** The state's word with its colour. */
export function status(state: string): Html {
  return html`<span class="status ${tones[state] ?? 'idle'}">${state}</span>`
}
