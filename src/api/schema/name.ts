// The one place that says what names and ids are.
import * as v from 'valibot'

/** What endpoints, sinks and tokens may be called. A URL cannot end in `.` or `..`: they mean folders there. */
export const nameForm = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/

/** A name in a body. */
export const name = v.pipe(
  v.string(),
  v.regex(
    nameForm,
    'must be 1 to 100 characters out of A-Z, a-z, 0-9, underscore, dot and hyphen, and not "." or "..", which no URL can carry',
  ),
)

/** An id. */
export const uuidForm = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Whether a text has the form of an id. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text)
}

/** A bigint of the database, as text. */
export const numberForm = /^\d{1,18}$/

/** A name or an id, in a body. Every id is also a well-formed name. */
export const reference = name

/** Whether a text is an event id in its one spelling. */
export function isEventId(text: string): boolean {
  return /^[1-9]\d{0,17}$/.test(text)
}

/** A time as this API prints it, to the microsecond. */
export const timeForm = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** The name of a table or column; whether it exists is for the database to say. */
export const identifier = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300))
