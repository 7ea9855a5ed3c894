// What the demo shows: lines for people on a terminal, the raw bodies elsewhere.
import { styleText } from 'node:util'
import type { DemoMessage, Webhook } from './receiver.ts'

export interface Printers {
  note(line: string): void
  begin(sink: string): void
  statement(sql: string): void
  webhook(webhook: Webhook): void
  end(url: string, token: string, databaseUrl: string): void
}

type Style = Parameters<typeof styleText>[0]
const colors: Record<string, Style> = { insert: 'green', update: 'yellow', delete: 'red', read: 'blue' }

/** `monitor: status pending → paid` */
function summary(m: DemoMessage): string {
  const { record, changes } = m
  const what = `#${m.metadata.record_pks.join(':')} ${String(record['item'])}`
  if (changes === null) return `${what}, total ${String(record['total'])}, ${String(record['status'])}`
  const parts = Object.entries(changes).map(([k, old]) => `${k} ${String(old)} → ${String(record[k])}`)
  return `${what}: ${parts.join(', ')}`
}

/** `people`: for a terminal; otherwise each body is one line of JSON. */
export function printers(people: boolean): Printers {
  const out = (line: string): void => void process.stdout.write(`${line}\n`)
  const hint = (line: string): void => void process.stderr.write(`${line}\n`)
  if (!people) {
    return {
      note: () => {},
      begin: () => {},
      statement: () => {},
      webhook: ({ body }) => out(body),
      end: (url, token) => {
        out(`admin API: ${url}`)
        out(`token: ${token}`)
      },
    }
  }
  const dim = (text: string): string => styleText('dim', text)
  return {
    note: (line) => hint(dim(line)),
    begin: (sink) => out(`\n${styleText('bold', sink)}\n`),
    statement: (sql) => out(dim(`  ${sql}`)),
    webhook({ messages, at }) {
      for (const m of messages) {
        const ms = at - Date.parse(m.metadata.commit_timestamp)
        const action = styleText(['bold', colors[m.action] as never], m.action.padEnd(6))
        out(`  ${action} ${summary(m)} ${styleText('cyan', `${ms} ms`)}`)
      }
    },
    end(url, token, databaseUrl) {
      out(`\n${dim('Change rows yourself:')} psql '${databaseUrl}'`)
      out(`${dim('Admin API:')} ${url}   ${dim('token:')} ${token}`)
      out(dim('Ctrl-C ends the demo; the next start finds its data again.'))
    },
  }
}
