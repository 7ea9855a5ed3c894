// Help texts, made from the table of commands.
import { type Command, type Flag, exit } from './command.ts'
import { flagsOf } from './parse.ts'
import { width } from './terminal/text.ts'

const environment = `Environment:
  ROWHOOK_URL         the admin API; default http://127.0.0.1:7447
  ROWHOOK_TOKEN       a token of it; default: ROWHOOK_ADMIN_TOKEN
  DATABASE_URL        where ROWHOOK_URL is not set: the database itself, without any API
  NO_COLOR            no colours

Exit codes: ${exit.ok} done, ${exit.error} failed, ${exit.usage} wrong usage, ${exit.findings} plan has changes, doctor found problems.
`

/** `rowhook --help`. */
export function overview(commands: readonly Command[], version: string): string {
  const groups = new Map<string, string[]>()
  const singles: [string, string][] = []
  for (const { path, about } of commands) {
    const [first, verb] = path.split(' ') as [string, string?]
    if (verb === undefined) singles.push([first, about])
    else groups.set(first, [...(groups.get(first) ?? []), verb])
  }
  return `rowhook ${version}: Postgres row changes, delivered as webhooks

Usage: rowhook <command> [options]

${aligned(singles)}

${aligned([...groups].map(([group, verbs]) => [group, verbs.join(' | ')]))}

rowhook <command> --help says more, with an example.

${environment}`
}

/** `rowhook sinks --help`. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  const members = commands.filter(({ path }) => path.startsWith(`${group} `))
  return `Usage: rowhook ${group} <command> [options]

${aligned(members.map((command) => [usage(command), command.about]))}

rowhook ${group} <command> --help says more, with an example.
`
}

/** `rowhook sinks create --help`. */
export function commandHelp(command: Command): string {
  const flags = Object.entries(flagsOf(command)).map(([name, flag]): [string, string] => [
    flagUsage(name, flag),
    flag.about + (flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`),
  ])
  const details = command.details === undefined ? '' : `\n${wrapped(command.details)}\n`
  return `Usage: rowhook ${usage(command)} [options]

${command.about}.
${details}
${aligned(flags)}

${command.examples.length === 1 ? 'Example' : 'Examples'}:
${command.examples.map((example) => `  ${example}`).join('\n')}
`
}

/** A text in lines of 100 characters; lines that are indented stay as they are. */
function wrapped(text: string): string {
  const lines: string[] = []
  for (const paragraph of text.split(/\n(?= )/)) {
    if (paragraph.startsWith(' ')) {
      lines.push(paragraph)
      continue
    }
    let line = ''
    for (const word of paragraph.split(/\s+/)) {
      if (line !== '' && line.length + word.length >= 100) {
        lines.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    lines.push(line)
  }
  return lines.join('\n')
}

function usage({ path, args }: Command): string {
  return [path, ...args].join(' ')
}

function flagUsage(name: string, { type, value = 'value', multiple }: Flag): string {
  return `--${name}${type === 'boolean' ? '' : ` <${value}>`}${multiple === true ? ' …' : ''}`
}

function aligned(rows: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...rows.map(([left]) => width(left)))
  return rows.map(([left, right]) => `  ${left}${' '.repeat(longest - width(left))}  ${right}`).join('\n')
}
