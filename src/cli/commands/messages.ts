// `rowhook messages …` and `rowhook deliveries …`: what became of each change, and of each request.
import { apiPath } from '../client.ts'
import { type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { listFlags, printList } from '../list.ts'
import type { Column } from '../terminal/table.ts'
import { indentJson } from '../terminal/json.ts'
import { printableLines } from '../terminal/text.ts'
import { timeOf } from '../time.ts'

interface Message {
  event_id: string
  state: string
  table: string
  action: string
  group: string | null
  captured_at: string
  attempts: number
  next_attempt_at: string | null
  last_error: string | null
}

interface Delivery {
  id: string
  at: string
  event_ids: string[]
  attempt: number
  outcome: string
  status: number | null
  duration_ms: number
  error: string | null
  webhook_id: string
}

const states = ['pending', 'delivered', 'failing', 'discarded'] as const

const messageColumns: readonly Column<Message>[] = [
  { heading: 'EVENT', value: ({ event_id }) => event_id, align: 'right' },
  {
    heading: 'STATE',
    value: ({ state }) => state,
    style: ({ state }) =>
      state === 'delivered'
        ? 'green'
        : state === 'failing'
          ? 'red'
          : state === 'discarded'
            ? 'yellow'
            : undefined,
  },
  { heading: 'TABLE', value: ({ table }) => table },
  { heading: 'ACTION', value: ({ action }) => action },
  { heading: 'GROUP', value: ({ group }) => group, elastic: true },
  { heading: 'CAPTURED', value: ({ captured_at }) => captured_at },
  { heading: 'ATTEMPTS', value: ({ attempts }) => attempts, align: 'right' },
  { heading: 'ERROR', value: ({ last_error }) => last_error, elastic: true },
]

const deliveryColumns: readonly Column<Delivery>[] = [
  { heading: 'AT', value: ({ at }) => at },
  {
    heading: 'OUTCOME',
    value: ({ outcome }) => outcome,
    style: ({ outcome }) => (outcome === 'ok' ? 'green' : 'red'),
  },
  { heading: 'STATUS', value: ({ status }) => status, align: 'right' },
  { heading: 'ATTEMPT', value: ({ attempt }) => attempt, align: 'right' },
  { heading: 'MS', value: ({ duration_ms }) => Math.round(duration_ms), align: 'right' },
  { heading: 'EVENTS', value: ({ event_ids }) => eventsText(event_ids), elastic: true },
  { heading: 'ERROR', value: ({ error }) => error, elastic: true },
]

function eventsText(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(' ') : `${ids[0]} … ${ids.at(-1)} (${ids.length})`
}

/** What messages are narrowed down by, besides their state. */
const narrowingFlags = {
  table: { type: 'string', value: 'table', about: 'only those of this table' },
  group: { type: 'string', value: 'key', about: 'only those of this group, key values joined by ":"' },
  since: {
    type: 'string',
    value: 'time',
    about: 'captured at or after; 2026-11-23T08:10:00Z, or 2h for two hours ago',
  },
  until: { type: 'string', value: 'time', about: 'captured before' },
} as const

export const messageCommands: Command[] = [
  command({
    path: 'messages list',
    about: 'List messages of a sink, newest first',
    args: ['SINK'],
    flags: {
      state: { type: 'string', value: 'state', choices: states, about: 'only those' },
      ...narrowingFlags,
      ...listFlags,
    },
    examples: ['rowhook messages orders --state failing', 'rowhook messages orders --since 15min --json'],
    run: (call) => {
      const { state, table, group, since, until } = call.flags
      const query = { state, table, group, since: timeOf('since', since), until: timeOf('until', until) }
      return printList(
        call,
        apiPath`/api/sinks/${call.args[0]!}/messages`,
        query,
        messageColumns,
        'No message fits.',
      )
    },
  }),
  command({
    path: 'messages get',
    about: 'Show a message with its record',
    args: ['SINK', 'EVENT_ID'],
    examples: ['rowhook messages get orders 812'],
    async run({ args, api, json, terminal }) {
      const [sink, event] = args as [string, string]
      const { text } = await (await api()).get<Message>(apiPath`/api/sinks/${sink}/messages/${event}`)
      terminal.print(json ? text : printableLines(indentJson(text)))
      return exit.ok
    },
  }),
  ...(['redeliver', 'discard'] as const).map((verb) =>
    command({
      path: `messages ${verb}`,
      about:
        verb === 'redeliver'
          ? 'Send messages again'
          : 'Drop messages; their payload is kept among the discarded',
      details:
        'Names them by event id, or all of a state, or those of a state that the other options let through.',
      args: ['SINK', '[EVENT_ID…]'],
      flags: {
        state: { type: 'string', value: 'state', choices: states, about: 'all messages of this state' },
        ...narrowingFlags,
      },
      examples: [
        `rowhook messages ${verb} orders 812 813`,
        `rowhook messages ${verb} orders --state ${verb === 'redeliver' ? 'discarded' : 'failing'}`,
        `rowhook messages ${verb} orders --state failing --group 1234 --since 2h`,
      ],
      async run({ args, flags, api, json, terminal }) {
        const [sink, ...events] = args as [string, ...string[]]
        const { state, table, group, since, until } = flags
        if ((flags.state === undefined) === (events.length === 0)) {
          throw new UsageError('name event ids, or a state with --state', {
            hint: `rowhook messages ${verb} --help shows both.`,
          })
        }
        const client = await api()
        let count = 0
        if (flags.state !== undefined) {
          const path = `${apiPath`/api/sinks/${sink}`}/messages/${verb}`
          count = (
            await client.post<{ count: number }>(path, {
              state,
              table,
              group,
              since: timeOf('since', since),
              until: timeOf('until', until),
            })
          ).value.count
        }
        for (const event of events) {
          const path = `${apiPath`/api/sinks/${sink}/messages/${event}`}/${verb}`
          count += (await client.post<{ count: number }>(path)).value.count
        }
        const done = verb === 'redeliver' ? 'will be sent again' : 'will not be sent'
        terminal.print(
          json ? JSON.stringify({ count }) : `${count} ${count === 1 ? 'message' : 'messages'} ${done}.`,
        )
        return exit.ok
      },
    }),
  ),
  command({
    path: 'deliveries list',
    about: 'List HTTP requests of a sink, newest first',
    args: ['SINK'],
    flags: {
      outcome: { type: 'string', value: 'outcome', choices: ['ok', 'failed'], about: 'only those' },
      ...listFlags,
    },
    examples: ['rowhook deliveries orders --outcome failed'],
    run: (call) =>
      printList(
        call,
        apiPath`/api/sinks/${call.args[0]!}/deliveries`,
        { outcome: call.flags.outcome },
        deliveryColumns,
        'No request fits.',
      ),
  }),
]
