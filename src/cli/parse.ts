// The command line → a command and its values. Knows no command: the table is given.
import { parseArgs } from 'node:util'
import { type Command, type Flag } from './command.ts'
import { UsageError } from './errors.ts'

/** What was asked for. */
export type Parsed =
  | { kind: 'help'; command?: Command; group?: string }
  | { kind: 'version' }
  | {
      kind: 'run'
      command: Command
      args: string[]
      flags: Record<string, string | boolean | string[]>
      json: boolean
    }

const json: Flag = { type: 'boolean', about: 'print JSON, as the API returns it' }
const help: Flag = { type: 'boolean', about: 'this text' }

/** All options of a command, with those that every command has. */
export function flagsOf({ flags, plain }: Command): Record<string, Flag> {
  return { ...flags, ...(plain === true ? {} : { json }), help }
}

/**
 * Finds the command and reads its options. A group's name alone means its `list`, so that
 * `rowhook sinks` and `rowhook messages orders` do what they look like.
 * @throws UsageError naming what is wrong
 */
export function parse(argv: readonly string[], commands: readonly Command[]): Parsed {
  const [first, second] = argv
  if (first === '--version' || first === '-v') return { kind: 'version' }
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help' }
  if (first === 'help') return helpOn(argv.slice(1), commands)
  const find = (path: string) => commands.find((command) => command.path === path)
  const inGroup = commands.filter(({ path }) => path.startsWith(`${first} `))
  const sub = find(`${first} ${second}`)
  if (sub !== undefined) return read(sub, argv.slice(2))
  const whole = find(first)
  if (whole !== undefined) return read(whole, argv.slice(1))
  if (inGroup.length === 0) {
    throw new UsageError(`there is no command ${JSON.stringify(first)}${suggestion(first, commands)}`, {
      hint: 'rowhook --help lists them',
    })
  }
  if (second === '--help' || second === '-h') return { kind: 'help', group: first }
  const list = find(`${first} list`)
  if (list === undefined || (list.args.length === 0 && second !== undefined && !second.startsWith('-'))) {
    const verbs = inGroup.map(({ path }) => path.split(' ')[1]).join(', ')
    throw new UsageError(
      second === undefined
        ? `rowhook ${first} needs one of: ${verbs}`
        : `rowhook ${first} has no ${JSON.stringify(second)}, only: ${verbs}`,
      { hint: `rowhook ${first} --help says more` },
    )
  }
  return read(list, argv.slice(1))
}

function helpOn(words: readonly string[], commands: readonly Command[]): Parsed {
  if (words.length === 0) return { kind: 'help' }
  const command = commands.find(({ path }) => path === words.join(' '))
  if (command !== undefined) return { kind: 'help', command }
  if (commands.some(({ path }) => path.startsWith(`${words[0]} `))) return { kind: 'help', group: words[0]! }
  throw new UsageError(`there is no command ${JSON.stringify(words.join(' '))}`, {
    hint: 'rowhook --help lists them',
  })
}

function read(command: Command, argv: readonly string[]): Parsed {
  const flags = flagsOf(command)
  const next = `rowhook ${command.path} --help says more`
  let values: Record<string, string | boolean | (string | boolean)[] | undefined>
  let args: string[]
  try {
    const parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(flags).map(([name, { type, multiple }]) => [
          name,
          { type, multiple: multiple === true, ...(name === 'help' ? { short: 'h' } : {}) },
        ]),
      ),
    })
    values = parsed.values
    args = parsed.positionals
  } catch (error) {
    throw new UsageError(faultOf(error as Error), { hint: next })
  }
  if (values['help'] === true) return { kind: 'help', command }
  checkCount(command, args, next)
  for (const [name, { choices }] of Object.entries(flags)) {
    for (const value of [values[name] ?? []].flat()) {
      if (choices !== undefined && !choices.includes(String(value)))
        throw new UsageError(`--${name} is one of: ${choices.join(', ')}`, { hint: next })
    }
  }
  const { json: asJson, help: _, ...own } = values
  return {
    kind: 'run',
    command,
    args,
    flags: own as Record<string, string | boolean | string[]>,
    json: asJson === true,
  }
}

/** parseArgs explains at length how to pass a value that begins with a hyphen; the first sentence says it. */
function faultOf({ message }: Error): string {
  const [sentence = message] = message.split(/\. |\n/)
  return sentence.replace(/^Unknown option '(.*)'$/, 'there is no option $1').replace(/\.$/, '')
}

function checkCount({ args: wanted, path }: Command, given: readonly string[], hint: string): void {
  const required = wanted.filter((name) => !name.startsWith('['))
  const missing = required[given.length]
  if (missing !== undefined) {
    throw new UsageError(`rowhook ${path} needs ${required.slice(given.length).join(' ')}`, { hint })
  }
  const many = wanted.at(-1)?.includes('…') === true
  const extra = given[wanted.length]
  if (extra !== undefined && !many) {
    throw new UsageError(`rowhook ${path} takes no further argument ${JSON.stringify(extra)}`, { hint })
  }
}

/** A command that was probably meant, for typing errors. */
function suggestion(word: string, commands: readonly Command[]): string {
  const names = [...new Set(commands.map(({ path }) => path.split(' ')[0]!))]
  const near = names.find((name) => name === `${word}s` || `${name}s` === word || distance(word, name) <= 2)
  return near === undefined ? '' : `; did you mean ${near}?`
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, character] of Array.from(a).entries()) {
    const next = [i + 1]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (b[j - 1] === character ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
