// postgres.js 3.4 asks each new connection for the array types of the database, and nobody awaits that
// query: when the connection is lost just then (a server that restarts), the rejection is nobody's, and
// would end the process. The query that the connection was made for rejects by itself.
let watching = false

/** From now on such a rejection ends no process; every other one does as before. Only once in a process. */
export function surviveLostTypes(): void {
  if (watching) return
  watching = true
  process.on('unhandledRejection', (reason) => {
    if (!isLostTypesQuery(reason)) throw reason
  })
}

/** Whether this is the failure of the query for the array types. */
export function isLostTypesQuery(reason: unknown): boolean {
  const { query } = (reason ?? {}) as { query?: unknown }
  return typeof query === 'string' && query.includes('b.typarray') && query.includes('a.typelem')
}
