// Lists: one page as the API gives it, as a table or as its JSON.
import type { Query } from './client.ts'
import { type Call, type ExitCode, exit } from './command.ts'
import { UsageError } from './errors.ts'
import { type Column, printTable } from './terminal/table.ts'

/** Options of every list. */
export const listFlags = {
  limit: { type: 'string', value: 'n', about: 'rows at most, 1 to 1000; default 50' },
  cursor: { type: 'string', value: 'cursor', about: 'go on where the page before ended' },
} as const

/** Prints a page of the list at `path`. */
export async function printList<Row>(
  call: Call<{ readonly limit?: string; readonly cursor?: string }>,
  path: string,
  query: Query,
  columns: readonly Column<Row>[],
  empty: string,
): Promise<ExitCode> {
  const { limit, cursor } = call.flags
  const api = await call.api()
  const answer = await api.get<{ data: Row[]; next_cursor: string | null }>(path, { ...query, limit, cursor })
  if (call.json) {
    call.terminal.print(answer.text)
    return exit.ok
  }
  const { data, next_cursor } = answer.value
  printTable(call.terminal, columns, data, empty)
  if (next_cursor !== null) call.terminal.note(`There is more: --cursor ${next_cursor}`)
  return exit.ok
}

/**
 * The number that an option holds; undefined when it is not given.
 * @throws UsageError when it holds none
 */
export function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number)) throw new UsageError(`--${name} needs a number`)
  return number
}
