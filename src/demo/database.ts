// The demo's database: the one of DATABASE_URL, or an embedded Postgres below .rowhook/ that is found
// again by the next start, with the secrets that its rows were encrypted with.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import { connect } from '../db/connect.ts'
import { parseDatabaseUrl } from '../db/url.ts'
import { startPostgres } from '../embedded/postgres.ts'

/** What must be the same over all starts on one database. */
export interface DemoSecrets {
  token: string
  encryptionKey: string
}

export interface DemoDatabase {
  databaseUrl: string
  secrets: DemoSecrets
  close(): Promise<void>
}

const folder = resolve(import.meta.dirname, '../../.rowhook')

/** Opens the database, starting an embedded one where no URL is given. */
export async function openDatabase(
  url: string | undefined,
  note: (line: string) => void,
): Promise<DemoDatabase> {
  mkdirSync(folder, { recursive: true })
  if (url !== undefined && url !== '') {
    const name = parseDatabaseUrl(url).database ?? 'postgres'
    return {
      databaseUrl: url,
      secrets: readSecrets(`demo-${name.replace(/[^\w.-]/g, '_')}`),
      close: async () => {},
    }
  }
  note('starting an embedded Postgres 18 below .rowhook/')
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), auth: 'scram' })
  const sql = connect(server.url, { max: 1 })
  try {
    await sql`create database shop`
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.code !== '42P04') throw error
  } finally {
    await sql.end()
  }
  const shop = new URL(server.url)
  shop.pathname = '/shop'
  return { databaseUrl: shop.href, secrets: readSecrets('demo'), close: () => server.stop() }
}

function readSecrets(name: string): DemoSecrets {
  const file = join(folder, `${name}.json`)
  const given = process.env['ROWHOOK_ENCRYPTION_KEY']
  const token = process.env['ROWHOOK_ADMIN_TOKEN']
  let secrets: DemoSecrets
  try {
    secrets = JSON.parse(readFileSync(file, 'utf8')) as DemoSecrets
  } catch {
    secrets = {
      token: randomBytes(24).toString('base64url'),
      encryptionKey: randomBytes(32).toString('base64'),
    }
    writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  }
  return { token: token ?? secrets.token, encryptionKey: given ?? secrets.encryptionKey }
}
