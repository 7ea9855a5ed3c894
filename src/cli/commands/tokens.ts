// `rowhook tokens …` and `rowhook audit`: who may do what, and who did.
import { apiPath } from '../client.ts'
import { type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { listFlags, printList } from '../list.ts'
import type { Column } from '../terminal/table.ts'
import { listOf } from './sink-input.ts'

interface Token {
  id: string
  name: string
  scopes: string[]
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
}

const tokenColumns: readonly Column<Token>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'NAME', value: ({ name }) => name, elastic: true },
  { heading: 'SCOPES', value: ({ scopes }) => scopes.join(',') },
  { heading: 'EXPIRES', value: ({ expires_at }) => expires_at },
  { heading: 'LAST USED', value: ({ last_used_at }) => last_used_at },
  { heading: 'REVOKED', value: ({ revoked_at }) => revoked_at, style: () => 'red' },
]

interface AuditEntry {
  id: string
  at: string
  actor: string
  action: string
  resource: string
}

const auditColumns: readonly Column<AuditEntry>[] = [
  { heading: 'AT', value: ({ at }) => at },
  { heading: 'WHO', value: ({ actor }) => actor },
  { heading: 'ACTION', value: ({ action }) => action },
  { heading: 'RESOURCE', value: ({ resource }) => resource, elastic: true },
]

export const tokenCommands: Command[] = [
  command({
    path: 'tokens list',
    about: 'List tokens',
    flags: listFlags,
    examples: ['rowhook tokens'],
    run: (call) => printList(call, '/api/tokens', {}, tokenColumns, 'There is no token.'),
  }),
  command({
    path: 'tokens create',
    about: 'Make a token',
    details:
      'It is printed this once; the database keeps only its hash. Each scope includes those before it.',
    args: ['NAME'],
    flags: {
      scopes: { type: 'string', value: 'a,b', about: 'read, write, admin; default read' },
      'expires-at': { type: 'string', value: 'time', about: 'such as 2027-01-01; default: never' },
    },
    examples: ['rowhook tokens create deploy --scopes read,write --expires-at 2027-01-01'],
    async run({ args, flags, api, json, terminal }) {
      const scopes = listOf(flags.scopes ?? 'read')!
      if (scopes.length === 0) throw new UsageError('--scopes is a list of read, write, admin')
      const expires = flags['expires-at']
      const answer = await (
        await api()
      ).post<Token & { token: string }>('/api/tokens', {
        name: args[0]!,
        scopes,
        ...(expires === undefined ? {} : { expires_at: expires }),
      })
      if (json) {
        terminal.print(answer.text)
        return exit.ok
      }
      const { token, ...shown } = answer.value
      for (const [name, value] of Object.entries(shown))
        if (value !== null) terminal.note(`${name}: ${String(value)}`)
      terminal.note('The token, shown this once:')
      terminal.print(token)
      return exit.ok
    },
  }),
  command({
    path: 'tokens revoke',
    about: 'Revoke a token for good',
    args: ['ID'],
    examples: ['rowhook tokens revoke 6f1c2b7e-…'],
    async run({ args, api, json, terminal }) {
      const [id] = args as [string]
      await (await api()).delete(apiPath`/api/tokens/${id}`)
      terminal.print(json ? JSON.stringify({ revoked: id }) : `Token ${id} is revoked.`)
      return exit.ok
    },
  }),
  command({
    path: 'audit list',
    about: 'List the changes that were made, newest first',
    flags: {
      actor: { type: 'string', value: 'name', about: 'by whom: root, or token: and its name' },
      action: { type: 'string', value: 'action', about: 'such as sink.create, or sink for all on sinks' },
      resource: { type: 'string', value: 'resource', about: 'such as sink:orders' },
      since: { type: 'string', value: 'time', about: 'made at or after, such as 2027-01-01' },
      until: { type: 'string', value: 'time', about: 'made before' },
      ...listFlags,
    },
    examples: [
      'rowhook audit',
      'rowhook audit --resource sink:orders',
      'rowhook audit --json | jq ".data[0]"',
    ],
    run(call) {
      const { actor, action, resource, since, until } = call.flags
      const filters = { actor, action, resource, since, until }
      const isFiltered = Object.values(filters).some((value) => value !== undefined)
      const none = isFiltered ? 'No change fits these filters.' : 'Nothing was changed yet.'
      return printList(call, '/api/audit', filters, auditColumns, none)
    },
  }),
]
