// `rowhook doctor`: what is wrong, and what to do about it. The checks are in src/doctor.
import type { Finding, Report } from '../../doctor/finding.ts'
import { type Command, command, exit } from '../command.ts'
import { type Paint, type Style, painter, printable } from '../terminal/text.ts'

const marks: Record<Finding['level'], { mark: string; style: Style }> = {
  ok: { mark: 'ok      ', style: 'green' },
  note: { mark: 'note    ', style: 'cyan' },
  warning: { mark: 'warning ', style: 'yellow' },
  problem: { mark: 'problem ', style: 'red' },
}

export const doctorCommands: Command[] = [
  command({
    path: 'doctor',
    about: 'Examine everything that may be wrong, and say what to do about it',
    details: `Versions, triggers on every table and partition, capture, rights, the connection (poolers), partitions,
dispatchers, sinks, endpoints, secrets, clocks. Exit code 3 when there is a problem.`,
    examples: ['rowhook doctor', 'DATABASE_URL=postgres://… rowhook doctor --json'],
    async run({ api, json, terminal }) {
      const { text, value } = await (await api()).get<Report>('/api/doctor')
      if (json) terminal.print(text)
      else for (const line of reportLines(value, painter(terminal.coloured))) terminal.print(line)
      return value.status === 'problem' ? exit.findings : exit.ok
    },
  }),
]

/** The findings, then what to do about those that call for it, most urgent first. */
export function reportLines({ findings }: Report, paint: Paint): string[] {
  const lines = findings.map(({ check, level, message }) => {
    const { mark, style } = marks[level]
    return `${paint(style, mark)} ${paint('dim', check.padEnd(11))} ${printable(message)}`
  })
  const urgent = (['problem', 'warning', 'note'] as const).flatMap((level) =>
    findings.filter((each) => each.level === level && each.todo !== null),
  )
  if (urgent.length === 0) return [...lines, '', paint('green', 'Nothing is to be done.')]
  return [
    ...lines,
    '',
    paint('bold', 'What to do:'),
    ...urgent.map(
      ({ check, level, todo }, i) => `${i + 1}. ${paint(marks[level].style, check)}: ${printable(todo!)}`,
    ),
  ]
}
