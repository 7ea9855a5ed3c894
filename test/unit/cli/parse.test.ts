import { describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { UsageError } from '../../../src/cli/errors.ts'
import { commandHelp, groupHelp, overview } from '../../../src/cli/help.ts'
import { parse } from '../../../src/cli/parse.ts'

const read = (...argv: string[]) => {
  const parsed = parse(argv, commands)
  if (parsed.kind !== 'run') throw new Error(`nothing runs: ${parsed.kind}`)
  const { command, kind: _, ...rest } = parsed
  return { path: command.path, ...rest }
}

describe('a command line', () => {
  test('names a command, its arguments and its options', () => {
    expect(read('messages', 'list', 'orders', '--state', 'failing', '--json')).toEqual({
      path: 'messages list',
      args: ['orders'],
      flags: { state: 'failing' },
      json: true,
    })
  })

  test('with a group alone means its list', () => {
    expect(read('sinks', '--limit', '5')).toMatchObject({ path: 'sinks list', flags: { limit: '5' } })
    expect(read('messages', 'orders')).toMatchObject({ path: 'messages list', args: ['orders'] })
  })

  test('collects options that may be repeated, and arguments at the end', () => {
    expect(read('sinks', 'create', 'a', '--table', 'x', '--table', 'y').flags).toEqual({ table: ['x', 'y'] })
    expect(read('messages', 'discard', 'orders', '1', '2').args).toEqual(['orders', '1', '2'])
  })

  test.each([
    [['nope'], 'there is no command "nope"'],
    [['sink'], 'did you mean sinks?'],
    [['statsu'], 'did you mean status?'],
    [['sinks', 'nope'], 'rowhook sinks has no "nope", only: list, get,'],
    [['retention'], 'rowhook retention needs one of: set, unset'],
    [['sinks', 'get'], 'rowhook sinks get needs SINK'],
    [['messages', 'get', 'orders'], 'rowhook messages get needs EVENT_ID'],
    [['sinks', 'get', 'a', 'b'], 'rowhook sinks get takes no further argument "b"'],
    [['sinks', '--nope'], 'there is no option --nope'],
    [['messages', 'orders', '--state', 'lost'], '--state is one of: pending, delivered, failing, discarded'],
    [['sinks', '--limit'], 'argument missing'],
    [['help', 'nope'], 'there is no command "nope"'],
  ])('%j is refused: %s', (argv, message) => {
    expect(() => parse(argv, commands)).toThrow(UsageError)
    expect(() => parse(argv, commands)).toThrow(message)
  })
})

describe('help', () => {
  test.each(commands.map((command) => [command.path, command] as const))(
    'of %s has an example and every option',
    (path, command) => {
      const text = commandHelp(command)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples)
        expect(example).toContain(`rowhook ${path.replace(/ list$/, '')}`)
      for (const flag of Object.keys(command.flags)) expect(text).toContain(`--${flag}`)
      if (command.plain !== true) expect(text).toContain('--json')
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140)
    },
  )

  test('is there for all, for a group and for a command, with --help, -h and help', () => {
    expect(parse(['--help'], commands)).toEqual({ kind: 'help' })
    expect(parse(['sinks', '-h'], commands)).toEqual({ kind: 'help', group: 'sinks' })
    expect(parse(['help', 'sinks', 'get'], commands)).toMatchObject({ command: { path: 'sinks get' } })
    expect(parse(['sinks', 'get', '--help'], commands)).toMatchObject({ command: { path: 'sinks get' } })
    for (const { path } of commands) expect(overview(commands, '1.0.0')).toContain(path.split(' ')[0])
    expect(groupHelp('sinks', commands)).toContain('sinks pause SINK')
  })
})

test('no two commands have one name', () => {
  const paths = commands.map(({ path }) => path)
  expect(new Set(paths).size).toBe(paths.length)
})
