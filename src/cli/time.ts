// Times on the command line.
import { parseDuration } from '../config.ts'
import { UsageError } from './errors.ts'

/**
 * A time as the API takes it: RFC 3339 is passed on, a duration such as `2h` means so long ago.
 * @throws UsageError when it is neither
 */
export function timeOf(flag: string, text: string | undefined, now = Date.now()): string | undefined {
  if (text === undefined) return undefined
  const ago = parseDuration(text)
  if (ago !== undefined) return new Date(now - ago).toISOString()
  if (/^\d{4}-\d\d-\d\d/.test(text)) return text
  throw new UsageError(
    `--${flag} is a time such as 2026-11-23T08:10:00Z, or a duration such as 2h for two hours ago`,
  )
}
