// `--watch`: a backfill or replay is shown until it has ended.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../client.ts'
import { type Call, type ExitCode, exit } from '../command.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What backfills and replays have in common. */
export interface History {
  id: string
  state: 'active' | 'paused' | 'completed' | 'failed' | 'cancelled'
  rows_total: number | null
  rows_done: number
  error: string | null
}

/** The option. */
export const watchFlag = {
  type: 'boolean',
  about: 'show its progress until it has ended; exit code 1 unless it completed',
} as const

const pollMs = 500

/**
 * Shows the progress of what is at `path` on standard error, where that is a terminal, and prints how it
 * ended. Ctrl-C ends the watching, not what is watched.
 */
export async function watch(
  call: Pick<Call, 'terminal' | 'json' | 'signal'>,
  client: Client,
  path: string,
): Promise<ExitCode> {
  const { terminal, json, signal } = call
  const began = performance.now()
  for (;;) {
    const { text, value } = await client.get<History>(path)
    const ended = value.state !== 'active' && value.state !== 'paused'
    if (ended || signal.aborted) {
      terminal.progress(undefined)
      terminal.print(json ? text : sentenceOf(value))
      return value.state === 'completed' ? exit.ok : exit.error
    }
    terminal.progress(progressLine(value, performance.now() - began))
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

/** `[#####-----] 50 %  500 of 1000 rows, 5 s left`. */
export function progressLine({ state, rows_total, rows_done }: History, elapsedMs: number): string {
  const rows = rows_total === null ? `${rows_done} rows` : `${rows_done} of ${rows_total} rows`
  if (rows_total === null || rows_total === 0) return state === 'paused' ? `${rows}, paused` : rows
  const share = Math.min(1, rows_done / rows_total)
  const filled = Math.round(share * 30)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(30 - filled)}]`
  const left = share > 0.02 && share < 1 ? `, ${secondsText((elapsedMs / share) * (1 - share))} left` : ''
  return `${bar} ${Math.floor(share * 100)} %  ${rows}${state === 'paused' ? ', paused' : left}`
}

function secondsText(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

function sentenceOf({ id, state, rows_done, error }: History): string {
  const end = error === null ? '' : `: ${error}`
  return `${id} ${state === 'active' ? 'goes on' : state}, ${rows_done} rows${end}`
}

/** Prints one as it is now. */
export function printOne(
  { terminal, json }: { terminal: Terminal; json: boolean },
  text: string,
  value: History,
): void {
  terminal.print(json ? text : sentenceOf(value))
}
