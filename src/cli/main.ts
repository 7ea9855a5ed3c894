// `rowhook …`: this process' terminal, environment and signals, handed to run.ts.
import './flags.ts'
import { type Client } from './client.ts'
import { defaultUrl, connectRemote } from './remote.ts'
import { runCommandLine } from './run.ts'
import { processTerminal } from './terminal/process.ts'

const { env } = process
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // A second one ends at once, as it would without us.
  process.once(signal, () => stopping.abort())
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal: processTerminal(env),
  env,
  connect,
  signal: stopping.signal,
})
// Everything is done. A connection that waits for a database which has fallen silent must not keep us.
setTimeout(() => process.exit(), 500).unref()

/** ROWHOOK_URL, or else the database itself, or else the place where `rowhook start` listens by default. */
async function connect(): Promise<Client> {
  const url = env['ROWHOOK_URL']?.trim()
  if (!url && env['DATABASE_URL']?.trim()) {
    // Loads half of the product, which an API elsewhere makes unnecessary.
    const { connectLocal } = await import('./local.ts')
    return connectLocal(env)
  }
  const token = env['ROWHOOK_TOKEN']?.trim() || env['ROWHOOK_ADMIN_TOKEN']?.trim() || undefined
  return connectRemote(url || defaultUrl, token)
}
