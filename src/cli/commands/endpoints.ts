// `rowhook endpoints …`: where webhooks go.
import type { EndpointShown } from '../../api/schema/endpoint.ts'
import { type Answer, apiPath } from '../client.ts'
import { type Call, type Command, type ExitCode, type FlagValues, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { fileFlag, readObject, readText } from '../input-file.ts'
import { listFlags, numberOf, printList } from '../list.ts'
import { fill } from '../substitute.ts'
import { type Column, printFields } from '../terminal/table.ts'

const columns: readonly Column<EndpointShown>[] = [
  { heading: 'NAME', value: ({ name }) => name },
  { heading: 'URL', value: ({ url }) => url, elastic: true },
  {
    heading: 'HEADERS',
    value: ({ headers, encrypted_headers }) =>
      [...Object.keys(headers), ...Object.keys(encrypted_headers)].join(', '),
    elastic: true,
  },
  { heading: 'SECRETS', value: ({ signing_secrets }) => signing_secrets.length, align: 'right' },
  { heading: 'CHANGED', value: ({ updated_at }) => updated_at },
]

const settings = {
  file: fileFlag,
  url: { type: 'string', value: 'url', about: 'where requests go' },
  header: { type: 'string', value: 'name=value', multiple: true, about: 'sent with every request' },
  'encrypted-header': {
    type: 'string',
    value: 'name=value',
    multiple: true,
    about: 'the same, encrypted at rest; write ${VAR} (quoted) so that the secret is in no command line',
  },
  'signing-secret': {
    type: 'string',
    value: 'secret',
    about: 'whsec_…; default: one is made; ${VAR} is filled in',
  },
  'ca-certificate': {
    type: 'string',
    value: 'file',
    file: true,
    about: 'PEM file to trust instead of the public ones',
  },
  'client-certificate': {
    type: 'string',
    value: 'file',
    file: true,
    about: 'PEM file for receivers that ask for one',
  },
  'client-key': { type: 'string', value: 'file', file: true, about: 'PEM file with its key' },
} as const

/** The answer to a change, with a secret that is shown once. */
type Changed = EndpointShown & { signing_secret?: string }

export const endpointCommands: Command[] = [
  command({
    path: 'endpoints list',
    about: 'List endpoints',
    flags: listFlags,
    examples: ['rowhook endpoints'],
    run: (call) =>
      printList(
        call,
        '/api/endpoints',
        {},
        columns,
        'There is no endpoint yet: rowhook endpoints create --help',
      ),
  }),
  command({
    path: 'endpoints get',
    about: 'Show an endpoint',
    args: ['ENDPOINT'],
    examples: ['rowhook endpoints get orders-app'],
    run: async (call) =>
      printEndpoint(
        call,
        await (await call.api()).get<EndpointShown>(apiPath`/api/endpoints/${call.args[0]!}`),
      ),
  }),
  command({
    path: 'endpoints create',
    about: 'Create an endpoint',
    details: 'A signing secret that is made for it is printed this once.',
    args: ['[NAME]'],
    flags: settings,
    examples: [
      'rowhook endpoints create orders-app --url https://app.example.com/hooks',
      "rowhook endpoints create orders-app --url https://app.example.com/hooks --encrypted-header 'authorization=Bearer ${TOKEN}'",
    ],
    async run(call) {
      const body = await bodyOf(call, call.args[0])
      if (Object.keys(body).length === 0)
        throw new UsageError('nothing is given to set', { hint: 'Give --url or --file.' })
      return printEndpoint(call, await (await call.api()).post<Changed>('/api/endpoints', body))
    },
  }),
  command({
    path: 'endpoints update',
    about: 'Change an endpoint',
    details:
      'What is not given stays; headers are replaced as a whole, encrypted headers by name. Its secrets are ' +
      'encrypted with the newest key of ROWHOOK_ENCRYPTION_KEY, also where nothing is given.',
    args: ['ENDPOINT'],
    flags: { ...settings, name: { type: 'string', value: 'name', about: 'call it so from now on' } },
    examples: ['rowhook endpoints update orders-app --url https://new.example.com/hooks'],
    async run(call) {
      const body = await bodyOf(call, call.flags.name)
      const path = apiPath`/api/endpoints/${call.args[0]!}`
      return printEndpoint(call, await (await call.api()).patch<Changed>(path, body))
    },
  }),
  command({
    path: 'endpoints delete',
    about: 'Delete an endpoint that no sink uses',
    args: ['ENDPOINT'],
    examples: ['rowhook endpoints delete orders-app'],
    async run({ args, api, json, terminal }) {
      const [endpoint] = args as [string]
      await (await api()).delete(apiPath`/api/endpoints/${endpoint}`)
      terminal.print(json ? JSON.stringify({ deleted: endpoint }) : `Endpoint ${endpoint} is deleted.`)
      return exit.ok
    },
  }),
  command({
    path: 'endpoints test',
    about: 'Send one signed test message',
    details: 'Exit code 1 when the receiver did not take it.',
    args: ['ENDPOINT'],
    examples: ['rowhook endpoints test orders-app'],
    async run({ args, api, json, terminal }) {
      interface Outcome extends Record<string, unknown> {
        outcome: 'ok' | 'failed'
      }
      const answer = await (await api()).post<Outcome>(apiPath`/api/endpoints/${args[0]!}/test`)
      if (json) terminal.print(answer.text)
      else printFields(terminal, answer.value)
      return answer.value.outcome === 'ok' ? exit.ok : exit.error
    },
  }),
  command({
    path: 'endpoints rotate-secret',
    about: 'Make a new signing secret',
    details: 'Meanwhile both sign, the new one first. The new secret is printed this once.',
    args: ['ENDPOINT'],
    flags: {
      'overlap-hours': { type: 'string', value: 'h', about: 'how long the old one signs too; default 24' },
    },
    examples: ['rowhook endpoints rotate-secret orders-app --overlap-hours 48'],
    async run({ args, flags, api, json, terminal }) {
      const overlap_hours = numberOf('overlap-hours', flags['overlap-hours'])
      const answer = await (
        await api()
      ).post<{ signing_secret: string }>(
        apiPath`/api/endpoints/${args[0]!}/rotate-secret`,
        overlap_hours === undefined ? {} : { overlap_hours },
      )
      terminal.print(json ? answer.text : answer.value.signing_secret)
      return exit.ok
    },
  }),
]

async function bodyOf(
  { flags, env }: Pick<Call<FlagValues<typeof settings>>, 'flags' | 'env'>,
  name: string | undefined,
): Promise<Record<string, unknown>> {
  const secret = (text: string): string =>
    fill(text, env, (variable) => {
      throw new UsageError(`the variable ${variable} is not set`)
    })
  const pem = async (file: string | undefined) => (file === undefined ? undefined : readText(file))
  const given = {
    name,
    url: flags.url,
    headers: pairs('header', flags.header),
    encrypted_headers: pairs('encrypted-header', flags['encrypted-header']?.map(secret)),
    signing_secret: flags['signing-secret'] === undefined ? undefined : secret(flags['signing-secret']),
    ca_certificate: await pem(flags['ca-certificate']),
    client_certificate: await pem(flags['client-certificate']),
    client_key: await pem(flags['client-key']),
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  return {
    ...(flags.file === undefined ? {} : await readObject(flags.file, env)),
    ...Object.fromEntries(set),
  }
}

function pairs(name: string, given: readonly string[] | undefined): Record<string, string> | undefined {
  if (given === undefined) return undefined
  return Object.fromEntries(
    given.map((text) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      // The text is not shown: it may be a secret that was pasted alone.
      if (key === undefined) throw new UsageError(`--${name} is written name=value`)
      return [key.trim(), value!.trim()]
    }),
  )
}

function printEndpoint(
  { terminal, json }: Pick<Call, 'terminal' | 'json'>,
  { text, value }: Answer<Changed>,
): ExitCode {
  if (json) {
    terminal.print(text)
    return exit.ok
  }
  const { signing_secret, ...shown } = value
  printFields(terminal, shown)
  if (signing_secret !== undefined) {
    terminal.print('')
    printFields(terminal, { signing_secret })
    terminal.note('Keep the signing secret now: it is never shown again.')
  }
  return exit.ok
}
