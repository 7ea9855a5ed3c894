// `rowhook sinks …`: which changes go where.
import type { SinkShown } from '../../api/schema/sink.ts'
import { apiPath } from '../client.ts'
import { type Call, type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { listFlags, printList } from '../list.ts'
import { type Column, printFields } from '../terminal/table.ts'
import type { Style } from '../terminal/text.ts'
import { sinkBody, sinkFlags } from './sink-input.ts'

/** How the health of a sink looks. */
export function healthStyle({ health }: Pick<SinkShown, 'health'>): Style | undefined {
  if (health === 'ok') return 'green'
  return health === 'failing' || health === 'stale' ? 'red' : 'yellow'
}

/** A duration as a person reads it. */
export function lagText(ms: number | null): string | null {
  if (ms === null) return null
  if (ms < 1000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}

const columns: readonly Column<SinkShown>[] = [
  { heading: 'NAME', value: ({ name }) => name },
  { heading: 'HEALTH', value: ({ health }) => health, style: healthStyle },
  { heading: 'ENDPOINT', value: ({ endpoint }) => endpoint, elastic: true },
  { heading: 'TABLES', value: ({ tables }) => tables.map(({ name }) => name).join(', '), elastic: true },
  { heading: 'PENDING', value: ({ pending }) => pending, align: 'right' },
  { heading: 'FAILING', value: ({ failing }) => failing, align: 'right' },
  { heading: 'DISCARDED', value: ({ discarded }) => discarded, align: 'right' },
  { heading: 'DELIVERED', value: ({ delivered }) => delivered, align: 'right' },
  { heading: 'LAG', value: ({ lag_ms }) => lagText(lag_ms), align: 'right' },
]

export const sinkCommands: Command[] = [
  command({
    path: 'sinks list',
    about: 'List sinks with their numbers',
    flags: listFlags,
    examples: ['rowhook sinks', 'rowhook sinks list --json | jq ".data[].health"'],
    run: (call) =>
      printList(call, '/api/sinks', {}, columns, 'There is no sink yet: rowhook sinks create --help'),
  }),
  command({
    path: 'sinks get',
    about: 'Show a sink',
    args: ['SINK'],
    examples: ['rowhook sinks get orders'],
    run: async (call) =>
      printSink(call, await (await call.api()).get<SinkShown>(apiPath`/api/sinks/${call.args[0]!}`)),
  }),
  command({
    path: 'sinks create',
    about: 'Create a sink',
    details: `Places triggers on its tables (a short lock on each) and captures from then on. What belongs to a single
table (--filter, --group-by …) can be given where there is one --table; --file takes everything.`,
    args: ['[NAME]'],
    flags: {
      ...sinkFlags,
      paused: { type: 'boolean', about: 'begin paused: changes are kept and wait' },
      backfill: { type: 'boolean', about: 'also send the rows that are there now' },
    },
    examples: [
      'rowhook sinks create orders --endpoint orders-app --table public.orders --filter "mrr > 100"',
      'rowhook sinks create --file orders.yml',
    ],
    async run(call) {
      const body = await sinkBody(call, call.args[0])
      if (call.flags.paused === true) body['status'] = 'paused'
      if (call.flags.backfill === true) {
        const tables = (body['tables'] ?? []) as { name: string }[]
        body['backfill'] = { tables: tables.map(({ name }) => ({ name })) }
      }
      return printSink(call, await (await call.api()).post<SinkShown>('/api/sinks', body))
    },
  }),
  command({
    path: 'sinks update',
    about: 'Change a sink',
    details: 'What is not given stays as it is; tables are replaced as a whole.',
    args: ['SINK'],
    flags: {
      ...sinkFlags,
      name: { type: 'string', value: 'name', about: 'call it so from now on' },
      status: {
        type: 'string',
        value: 'status',
        choices: ['active', 'paused', 'disabled'],
        about: 'its status',
      },
    },
    examples: ['rowhook sinks update orders --batch-size 100 --batch-timeout-ms 50'],
    async run(call) {
      const { name, status } = call.flags
      const set = { ...(name === undefined ? {} : { name }), ...(status === undefined ? {} : { status }) }
      const alone = Object.keys(call.flags).every((flag) => flag === 'name' || flag === 'status')
      if (alone && Object.keys(set).length === 0)
        throw new UsageError('nothing is given to change', {
          hint: 'rowhook sinks update --help lists what can be.',
        })
      const body = { ...(alone ? {} : await sinkBody(call)), ...set }
      return printSink(
        call,
        await (await call.api()).patch<SinkShown>(apiPath`/api/sinks/${call.args[0]!}`, body),
      )
    },
  }),
  command({
    path: 'sinks delete',
    about: 'Delete a sink with its messages, deliveries and backfills',
    args: ['SINK'],
    flags: { yes: { type: 'boolean', about: 'do not ask' } },
    examples: ['rowhook sinks delete orders --yes'],
    async run(call) {
      const [sink] = call.args as [string]
      const { terminal } = call
      if (call.flags.yes !== true && terminal.interactive) {
        const sure = await terminal.confirm(`Delete sink ${sink} and everything that waits in it?`)
        if (!sure) return exit.error
      }
      await (await call.api()).delete(apiPath`/api/sinks/${sink}`)
      terminal.print(call.json ? JSON.stringify({ deleted: sink }) : `Sink ${sink} is deleted.`)
      return exit.ok
    },
  }),
  ...(['pause', 'resume'] as const).map((verb) =>
    command({
      path: `sinks ${verb}`,
      about: verb === 'pause' ? 'Pause a sink: changes are kept and wait' : 'Resume a sink',
      args: ['SINK'],
      examples: [`rowhook sinks ${verb} orders`],
      async run(call) {
        const path = `${apiPath`/api/sinks/${call.args[0]!}`}/${verb}`
        return printSink(call, await (await call.api()).post<SinkShown>(path))
      },
    }),
  ),
]

function printSink(
  { terminal, json }: Pick<Call, 'terminal' | 'json'>,
  { text, value }: { text: string; value: SinkShown },
) {
  if (json) {
    terminal.print(text)
    return exit.ok
  }
  const { tables, throughput, lag_ms, ...rest } = value
  printFields(terminal, {
    ...rest,
    lag: lagText(lag_ms),
    messages_per_second: throughput.messages_per_second,
  })
  for (const table of tables) {
    terminal.print('')
    printFields(terminal, { table: table.name, ...withoutName(table) })
  }
  return exit.ok
}

function withoutName({ name: _, ...rest }: SinkShown['tables'][number]): object & Record<string, unknown> {
  return rest
}
