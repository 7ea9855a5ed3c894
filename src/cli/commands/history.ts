// `rowhook backfills …` and `rowhook replays …`: rows of now and changes of the past, sent again.
import type { SinkShown } from '../../api/schema/sink.ts'
import { apiPath } from '../client.ts'
import { type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { listFlags, printList } from '../list.ts'
import { type Column, printFields } from '../terminal/table.ts'
import { timeOf } from '../time.ts'
import { type History, printOne, watch, watchFlag } from './progress.ts'

type Backfill = History & { tables: string[]; created_at: string }
type Replay = History & {
  since: string | null
  until: string | null
  table_name: string | null
  created_at: string
}

const progress: readonly Column<History>[] = [
  { heading: 'ID', value: ({ id }) => id },
  {
    heading: 'STATE',
    value: ({ state }) => state,
    style: ({ state }) => (state === 'completed' ? 'green' : state === 'failed' ? 'red' : 'yellow'),
  },
  { heading: 'DONE', value: ({ rows_done }) => rows_done, align: 'right' },
  { heading: 'OF', value: ({ rows_total }) => rows_total, align: 'right' },
]
const error: Column<History> = { heading: 'ERROR', value: (row) => row.error, elastic: true }

const backfillColumns: readonly Column<Backfill>[] = [
  ...progress,
  { heading: 'TABLES', value: ({ tables }) => tables.join(', '), elastic: true },
  { heading: 'BEGUN', value: ({ created_at }) => created_at },
  error,
]
const replayColumns: readonly Column<Replay>[] = [
  ...progress,
  { heading: 'SINCE', value: ({ since }) => since },
  { heading: 'UNTIL', value: ({ until }) => until },
  { heading: 'TABLE', value: ({ table_name }) => table_name, elastic: true },
  error,
]

const startBackfill = command({
  path: 'backfills start',
  about: 'Send the rows that are there now, each in its place between the changes before and after',
  details: 'Of all tables of the sink, or of those that are named; --where and the bounds need a single one.',
  args: ['SINK'],
  flags: {
    table: { type: 'string', value: 'table', multiple: true, about: "one of the sink's tables" },
    where: { type: 'string', value: 'sql', about: 'only rows for which this holds; may use now()' },
    'sort-column': { type: 'string', value: 'column', about: 'read in its order; default: the primary key' },
    start: { type: 'string', value: 'value', about: 'lowest value of the sort column, inclusive' },
    end: { type: 'string', value: 'value', about: 'highest value of the sort column, inclusive' },
    'dry-run': { type: 'boolean', about: 'only count them' },
    watch: watchFlag,
  },
  examples: [
    'rowhook backfills start orders --watch',
    `rowhook backfills start orders --table public.orders --where "created_at > now() - interval '1 day'"`,
  ],
  async run(call) {
    const { args, flags, api, terminal, json } = call
    const [sink] = args as [string]
    const client = await api()
    const names = flags.table ?? (await tablesOf(sink))
    const bounds = {
      where: flags.where,
      sort_column: flags['sort-column'],
      start: flags.start,
      end: flags.end,
    }
    const given = Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined))
    if (names.length > 1 && Object.keys(given).length > 0) {
      throw new UsageError('--where, --sort-column, --start and --end need one --table', {
        hint: 'Start one backfill for each table.',
      })
    }
    const path = apiPath`/api/sinks/${sink}/backfills`
    const { text, value } = await client.post<History & { dry_run?: true }>(path, {
      tables: names.map((name) => ({ name, ...given })),
      dry_run: flags['dry-run'],
    })
    if (value.dry_run === true) {
      const words =
        value.rows_total === null
          ? 'how many rows there are cannot be said beforehand'
          : `about ${value.rows_total} rows would be sent`
      terminal.print(json ? text : words)
      return exit.ok
    }
    if (flags.watch === true) return watch(call, client, `${path}/${value.id}`)
    printOne(call, text, value)
    return exit.ok

    async function tablesOf(name: string): Promise<string[]> {
      const { value } = await client.get<SinkShown>(apiPath`/api/sinks/${name}`)
      return value.tables.map((table) => table.name)
    }
  },
})

const startReplay = command({
  path: 'replays start',
  about: 'Send changes of the past again, beside the live ones',
  details: "The sink's own tables and filters apply; --filter is and-ed to them.",
  args: ['SINK'],
  flags: {
    since: {
      type: 'string',
      value: 'time',
      about: 'captured at or after; 2026-11-23T08:10:00Z, or 2h for two hours ago',
    },
    until: { type: 'string', value: 'time', about: 'captured before; default: now' },
    table: { type: 'string', value: 'table', about: "default: all of the sink's" },
    filter: { type: 'string', value: 'sql', about: 'only changes that it lets through; may use now()' },
    'dry-run': { type: 'boolean', about: 'only count them' },
    watch: watchFlag,
  },
  examples: [
    'rowhook replays start orders --since 2h --dry-run',
    'rowhook replays start orders --since 2h --watch',
  ],
  async run(call) {
    const { args, flags, api, terminal, json } = call
    if (flags.since === undefined)
      throw new UsageError('rowhook replays start needs --since', { hint: 'It takes 2h for two hours ago.' })
    const body = {
      since: timeOf('since', flags.since),
      until: timeOf('until', flags.until),
      table_name: flags.table,
      filter: flags.filter,
      dry_run: flags['dry-run'],
    }
    const client = await api()
    const path = apiPath`/api/sinks/${args[0]!}/replays`
    const { text, value } = await client.post<History & { dry_run?: true }>(path, body)
    if (value.dry_run === true) {
      terminal.print(json ? text : `${value.rows_total} messages would be sent`)
      return exit.ok
    }
    if (flags.watch === true) return watch(call, client, `${path}/${value.id}`)
    printOne(call, text, value)
    return exit.ok
  },
})

const verbs = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel' } as const

function verbsOf(plural: 'backfills' | 'replays'): Command[] {
  const singular = plural.slice(0, -1)
  const place = (sink: string, id: string) =>
    `${apiPath`/api/sinks/${sink}`}/${plural}/${encodeURIComponent(id)}`
  return [
    command({
      path: `${plural} get`,
      about: `Show a ${singular}`,
      args: ['SINK', 'ID'],
      flags: { watch: watchFlag },
      examples: [`rowhook ${plural} get orders 6f1c2b7e-… --watch`],
      async run(call) {
        const [sink, id] = call.args as [string, string]
        const client = await call.api()
        if (call.flags.watch === true) return watch(call, client, place(sink, id))
        const { text, value } = await client.get<Record<string, unknown>>(place(sink, id))
        if (call.json) call.terminal.print(text)
        else printFields(call.terminal, value)
        return exit.ok
      },
    }),
    ...Object.entries(verbs).map(([verb, title]) =>
      command({
        path: `${plural} ${verb}`,
        about: `${title} a ${singular}`,
        args: ['SINK', 'ID'],
        examples: [`rowhook ${plural} ${verb} orders 6f1c2b7e-…`],
        async run(call) {
          const [sink, id] = call.args as [string, string]
          const { text, value } = await (await call.api()).post<History>(`${place(sink, id)}/${verb}`)
          printOne(call, text, value)
          return exit.ok
        },
      }),
    ),
  ]
}

export const historyCommands: Command[] = [
  command({
    path: 'backfills list',
    about: 'List backfills of a sink, newest first',
    args: ['SINK'],
    flags: listFlags,
    examples: ['rowhook backfills orders'],
    run: (call) =>
      printList(
        call,
        apiPath`/api/sinks/${call.args[0]!}/backfills`,
        {},
        backfillColumns,
        'There was no backfill.',
      ),
  }),
  startBackfill,
  ...verbsOf('backfills'),
  command({
    path: 'replays list',
    about: 'List replays of a sink, newest first',
    args: ['SINK'],
    flags: listFlags,
    examples: ['rowhook replays orders'],
    run: (call) =>
      printList(
        call,
        apiPath`/api/sinks/${call.args[0]!}/replays`,
        {},
        replayColumns,
        'There was no replay.',
      ),
  }),
  startReplay,
  ...verbsOf('replays'),
]
