// gzip of request bodies, for sinks that ask for it. What is signed is the body before this: receivers'
// frameworks unpack a content-encoding before anybody verifies.

import { promisify } from 'node:util'
import { gzip, gzipSync } from 'node:zlib'

const gzipAside = promisify(gzip)

// Up to here packing takes less than the way to another thread and back, and well under a millisecond.
const INLINE_BYTES = 16_384

/** The packed body; a promise for a large one, which is packed beside the event loop. */
export function compress(body: Uint8Array): Uint8Array | Promise<Uint8Array> {
  return body.length <= INLINE_BYTES ? gzipSync(body) : gzipAside(body)
}
