// ETag and If-Match: two people who edit the same resource do not overwrite each other. The tag is the
// version of the configuration, so the counters that GET adds to a sink do not change it.
import type { Context } from 'hono'
import { PreconditionError } from '../errors.ts'

/** Sets the answer's ETag. */
export function tag(c: Context, row: { version: string }): void {
  c.header('etag', `"${row.version}"`)
}

/** @throws PreconditionError when If-Match names other versions only; without the header all is well */
export function assertMatch(ifMatch: string | undefined, row: { version: string }): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const tags = ifMatch.split(',').map((each) => each.trim())
  if (tags.includes(`"${row.version}"`)) return
  throw new PreconditionError('it was changed since you read it', {
    hint: `Read it again and repeat the change with If-Match: "${row.version}".`,
  })
}
