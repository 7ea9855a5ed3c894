// Times in requests.
import * as v from 'valibot'

const form = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/

const inWords = 'must be a time such as 2026-11-23T08:10:00Z'

/**
 * A time of RFC 3339 as a text that Postgres reads without regard to its settings, microseconds kept;
 * without an offset it means UTC.
 */
export const timestampText = v.pipe(
  v.string(),
  v.check((text) => form.test(text) && !Number.isNaN(Date.parse(normalize(text))), inWords),
  v.transform(normalize),
)

/** The same as a Date, to the millisecond. */
export const timestamp = v.pipe(
  timestampText,
  v.transform((text) => new Date(text)),
)

function normalize(text: string): string {
  const iso = text.replace(' ', 'T')
  const timed = iso.includes('T') ? iso : `${iso}T00:00:00`
  const withOffset = /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(timed.slice(11)) ? timed : `${timed}Z`
  return withOffset.replace(/([+-]\d\d)$/, '$1:00').replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
}
