// Names that the global setup and the tests agree upon.

/** The template database of each kind of owner. */
export const templates = { superuser: 'template_rowhook', ordinary: 'template_rowhook_ordinary' } as const

/** A role without any attribute: no superuser, no createrole, no replication. */
export const ordinaryRole = { name: 'ordinary', password: 'ordinary' } as const

/** The same server's URL for another database, and for another role where one is given. */
export function withDatabase(
  url: string,
  database: string,
  role?: { name: string; password: string },
): string {
  const result = new URL(url)
  result.pathname = `/${database}`
  if (role !== undefined) {
    result.username = role.name
    result.password = role.password
  }
  return result.href
}
