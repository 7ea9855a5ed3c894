// `copy … from stdin` that ends, whatever the server says.
import { finished } from 'node:stream/promises'
import type { PendingQuery } from 'postgres'

/**
 * Sends `text` (COPY's text format) to a `copy … from stdin`, and waits until it is stored.
 * @throws what the server, or the loss of the connection, made of it
 */
export async function copyIn(query: PendingQuery<never[]>, text: string): Promise<void> {
  // postgres.js hands an error to the stream only until all of it is sent. One that comes later, as of a full disk or
  // a lock, goes to the query, whose promise the stream has settled by then: nobody would ever hear of it.
  const refused = Promise.withResolvers<never>()
  refused.promise.catch(() => {})
  const told = query as unknown as { reject(error: unknown): void }
  const reject = told.reject
  told.reject = (error) => {
    reject(error)
    refused.reject(error)
  }
  const into = await query.writable()
  into.end(text)
  await Promise.race([finished(into), refused.promise])
}
