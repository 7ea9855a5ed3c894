// `rowhook tables`, `retention …` and `filters check`: what could be captured, how long it is kept, and
// whether a condition is one.
import type { TableDescription } from '../../capture/tables.ts'
import { apiPath } from '../client.ts'
import { type Command, command, exit } from '../command.ts'
import { UsageError } from '../errors.ts'
import { listFlags, printList } from '../list.ts'
import { type Column, printFields } from '../terminal/table.ts'
import { printable } from '../terminal/text.ts'

const columns: readonly Column<TableDescription>[] = [
  { heading: 'TABLE', value: ({ name }) => name },
  { heading: 'KEY', value: ({ primary_key }) => primary_key.join(', '), elastic: true },
  { heading: 'PARTITIONS', value: ({ partitions }) => partitions.length, align: 'right' },
  { heading: 'CAPTURED', value: ({ captured }) => captured },
  { heading: 'SINKS', value: ({ sinks }) => sinks.join(', '), elastic: true },
  { heading: 'KEPT', value: ({ retention }) => retention?.keep },
  { heading: 'REFUSED', value: ({ refusal }) => refusal, elastic: true, style: () => 'yellow' },
]

export const tableCommands: Command[] = [
  command({
    path: 'tables list',
    about: 'List tables that could be a source',
    flags: listFlags,
    examples: ['rowhook tables', 'rowhook tables --json | jq ".data[].columns"'],
    run: (call) => printList(call, '/api/tables', {}, columns, 'There is no table that could be a source.'),
  }),
  command({
    path: 'retention set',
    about: 'Keep every change of a table, wanted by a sink or not',
    args: ['TABLE'],
    flags: {
      keep: { type: 'string', value: 'interval', about: 'how long, such as "30 days"' },
      filter: { type: 'string', value: 'sql', about: 'only changes that it lets through' },
    },
    examples: ['rowhook retention set public.orders --keep "30 days"'],
    async run({ args, flags, api, json, terminal }) {
      const [table] = args as [string]
      if (flags.keep === undefined)
        throw new UsageError('rowhook retention set needs --keep', { hint: 'Such as --keep "30 days".' })
      const body = { keep: flags.keep, ...(flags.filter === undefined ? {} : { filter: flags.filter }) }
      const answer = await (
        await api()
      ).put<Record<string, unknown>>(apiPath`/api/tables/${table}/retention`, body)
      if (json) terminal.print(answer.text)
      else printFields(terminal, answer.value)
      return exit.ok
    },
  }),
  command({
    path: 'retention unset',
    about: 'Keep the changes of a table no longer than deliveries need them',
    args: ['TABLE'],
    examples: ['rowhook retention unset public.orders'],
    async run({ args, api, json, terminal }) {
      const [table] = args as [string]
      await (await api()).delete(apiPath`/api/tables/${table}/retention`)
      terminal.print(
        json ? JSON.stringify({ deleted: table }) : `Changes of ${table} are kept for a day at least.`,
      )
      return exit.ok
    },
  }),
  command({
    path: 'filters check',
    about: 'Check a filter, and try it on the last changes of a table',
    details: 'Exit code 1 when it is not valid.',
    args: ['TABLE', 'FILTER'],
    examples: ['rowhook filters check public.orders "mrr > 100 and status is distinct from old.status"'],
    async run({ args, api, json, terminal }) {
      const [table, filter] = args as [string, string]
      type Verdict =
        | { valid: true; scanned: number; matched: number }
        | { valid: false; error: string; position: number | null }
      const { text, value } = await (await api()).post<Verdict>('/api/filters/check', { table, filter })
      if (json) terminal.print(text)
      else if (value.valid)
        terminal.print(`Valid. It lets ${value.matched} of the last ${value.scanned} kept changes through.`)
      else {
        for (const line of caretLines(filter, value.position)) terminal.note(line)
        terminal.note(`Not valid: ${printable(value.error)}`)
      }
      return value.valid ? exit.ok : exit.error
    },
  }),
]

/** The filter's line with a caret under the position; nothing without one. */
export function caretLines(filter: string, position: number | null): string[] {
  if (position === null) return []
  const characters = Array.from(filter)
  const before = characters.slice(0, position - 1)
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = characters.indexOf('\n', lineStart)
  const line = characters.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).join('')
  return [`  ${printable(line)}`, `  ${' '.repeat(before.length - lineStart)}^`]
}
