// What the doctor says of one thing that it looked at.

/** ok: as it should be; note: good to know; warning: look at it; problem: something does not work. */
export type Level = 'ok' | 'note' | 'warning' | 'problem'

export interface Finding {
  /** Which check: versions, triggers, capture, role, connection, partitions, dispatchers, sinks, endpoints, secrets, clock. */
  check: string
  level: Level
  /** One sentence. */
  message: string
  /** What to do about it; null where nothing is to be done. */
  todo: string | null
}

/** Findings of all checks, and the worst level among them. */
export interface Report {
  status: 'ok' | 'warning' | 'problem'
  findings: Finding[]
}

/** Makes findings of one check. */
export function findingsOf(check: string) {
  const make =
    (level: Level) =>
    (message: string, todo: string | null = null): Finding => ({ check, level, message, todo })
  return { ok: make('ok'), note: make('note'), warning: make('warning'), problem: make('problem') }
}

/** The report of these findings. */
export function reportOf(findings: Finding[]): Report {
  const has = (level: Level) => findings.some((each) => each.level === level)
  return { status: has('problem') ? 'problem' : has('warning') ? 'warning' : 'ok', findings }
}

/** `1 sink`, `2 sinks`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The first few names of a list, and how many others there are. */
export function someOf(names: readonly string[], most = 5): string {
  const rest = names.length - most
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ')
}
