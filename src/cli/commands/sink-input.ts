// Options of `sinks create` and `sinks update` → the body for the API. Checks nothing that the API
// checks: what is given is passed on.
import { type Call, type FlagValues } from '../command.ts'
import { UsageError } from '../errors.ts'
import { fileFlag, readObject } from '../input-file.ts'
import { numberOf } from '../list.ts'

/** Options that set a sink's fields. */
export const sinkFlags = {
  file: fileFlag,
  endpoint: { type: 'string', value: 'endpoint', about: 'where it sends: name or id' },
  path: { type: 'string', value: 'path', about: "put behind the endpoint's URL" },
  table: { type: 'string', value: 'table', multiple: true, about: 'a table whose changes it sends' },
  actions: { type: 'string', value: 'a,b', about: 'of the table: insert, update, delete, truncate' },
  filter: { type: 'string', value: 'sql', about: 'of the table: which rows, a SQL condition' },
  'group-by': {
    type: 'string',
    value: 'a,b',
    about: 'of the table: columns that keep order; none: no order',
  },
  'exclude-columns': { type: 'string', value: 'a,b', about: 'of the table: columns that are not sent' },
  unchanged: { type: 'boolean', about: 'of the table: also send updates that change nothing' },
  'message-type': { type: 'string', value: 'type', choices: ['changes', 'rows'], about: 'what a message is' },
  batch: {
    type: 'string',
    value: 'yes|no',
    choices: ['yes', 'no'],
    about: 'no: the bare message, not a list',
  },
  'batch-size': { type: 'string', value: 'n', about: 'messages in a request at most' },
  'batch-timeout-ms': { type: 'string', value: 'ms', about: 'how long an unfilled batch may wait' },
  'request-timeout-ms': { type: 'string', value: 'ms', about: 'for the whole exchange' },
  'max-retry-count': { type: 'string', value: 'n', about: 'retries before discarding; none: for ever' },
  concurrency: { type: 'string', value: 'n', about: 'requests in flight at most' },
  'rate-limit': { type: 'string', value: 'n', about: 'requests a second at most; none: no limit' },
  compression: { type: 'string', value: 'name', choices: ['gzip', 'none'], about: 'of request bodies' },
  'max-message-bytes': { type: 'string', value: 'n', about: 'longer messages are discarded; none: no limit' },
  'alert-endpoint': {
    type: 'string',
    value: 'endpoint',
    about: 'is told when this sink fails; none: nobody',
  },
} as const

type Flags = FlagValues<typeof sinkFlags>

/** The body of POST or PATCH. */
export async function sinkBody(
  { flags, env }: Pick<Call<Flags>, 'flags' | 'env'>,
  name?: string,
): Promise<Record<string, unknown>> {
  const fromFile = flags.file === undefined ? {} : await readObject(flags.file, env)
  const given = {
    name,
    endpoint: flags.endpoint,
    path: flags.path,
    tables: tablesOf(flags),
    message_type: flags['message-type'],
    batch: flags.batch === undefined ? undefined : flags.batch === 'yes',
    batch_size: numberOf('batch-size', flags['batch-size']),
    batch_timeout_ms: numberOf('batch-timeout-ms', flags['batch-timeout-ms']),
    request_timeout_ms: numberOf('request-timeout-ms', flags['request-timeout-ms']),
    max_retry_count: numberOrNone('max-retry-count', flags['max-retry-count']),
    concurrency: numberOf('concurrency', flags.concurrency),
    rate_limit: numberOrNone('rate-limit', flags['rate-limit']),
    compression: none(flags.compression),
    max_message_bytes: numberOrNone('max-message-bytes', flags['max-message-bytes']),
    alert_endpoint: none(flags['alert-endpoint']),
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  const body = { ...fromFile, ...Object.fromEntries(set) }
  if (Object.keys(body).every((field) => field === 'name' && flags.file === undefined)) {
    throw new UsageError('nothing is given to set', {
      hint: 'Give --file, or options such as --endpoint and --table.',
    })
  }
  return body
}

function tablesOf(flags: Flags): object[] | undefined {
  const { table: names, actions, filter, unchanged } = flags
  const own = {
    actions: listOf(actions),
    filter,
    group_by: flags['group-by'] === 'none' ? [] : listOf(flags['group-by']),
    exclude_columns: listOf(flags['exclude-columns']),
    unchanged,
  }
  const settings = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  if (names === undefined) {
    const [first] = Object.keys(settings)
    if (first === undefined) return undefined
    throw new UsageError(`--${first.replace('_', '-')} belongs to a table: name it with --table`)
  }
  if (names.length > 1 && Object.keys(settings).length > 0) {
    throw new UsageError('with several tables, what belongs to one of them has to come from --file')
  }
  return names.map((each) => ({ name: each, ...settings }))
}

/** The parts of a list such as `a,b`. */
export function listOf(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

const none = (text: string | undefined): string | null | undefined => (text === 'none' ? null : text)

function numberOrNone(name: string, text: string | undefined): number | null | undefined {
  return text === 'none' ? null : numberOf(name, text)
}
