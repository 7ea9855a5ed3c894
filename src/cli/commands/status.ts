// `rowhook status`: how everything does, on one screen.
import type { SinkShown } from '../../api/schema/sink.ts'
import { type Command, command, exit } from '../command.ts'
import { type Column, printTable } from '../terminal/table.ts'
import { painter } from '../terminal/text.ts'
import { healthStyle, lagText } from './sinks.ts'

interface Readiness {
  status: string
  checks: Record<string, string>
}

const columns: readonly Column<SinkShown>[] = [
  { heading: 'SINK', value: ({ name }) => name },
  { heading: 'HEALTH', value: ({ health }) => health, style: healthStyle },
  { heading: 'PENDING', value: ({ pending }) => pending, align: 'right' },
  { heading: 'FAILING', value: ({ failing }) => failing, align: 'right' },
  { heading: 'DISCARDED', value: ({ discarded }) => discarded, align: 'right' },
  { heading: 'LAG', value: ({ lag_ms }) => lagText(lag_ms), align: 'right' },
  { heading: 'PER SECOND', value: ({ throughput }) => throughput.messages_per_second, align: 'right' },
  { heading: 'LAST ERROR', value: ({ last_error }) => last_error, elastic: true },
]

export const statusCommands: Command[] = [
  command({
    path: 'status',
    about: 'Show how every sink does, and whether this rowhook is ready',
    examples: ['rowhook status', 'watch rowhook status'],
    async run({ api, json, terminal }) {
      const client = await api()
      const data = await client.all<SinkShown>('/api/sinks')
      const readiness = await client.readiness<Readiness>()
      if (json) {
        terminal.print(JSON.stringify({ ...readiness, data }))
        return exit.ok
      }
      const paint = painter(terminal.coloured)
      const ready = readiness.status === 'ok'
      const faults = Object.entries(readiness.checks).filter(([, result]) => result !== 'ok')
      const text = ready ? 'ready' : faults.map(([check, result]) => `${check} ${result}`).join(', ')
      terminal.print(`${client.place}: ${paint(ready ? 'green' : 'red', text)}`)
      terminal.print('')
      printTable(terminal, columns, data, 'There is no sink yet: rowhook sinks create --help')
      return exit.ok
    },
  }),
]
