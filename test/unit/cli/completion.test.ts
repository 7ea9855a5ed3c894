// The bash script is asked for completions by bash itself.
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { completionCommands } from '../../../src/cli/commands/completion.ts'
import { commands } from '../../../src/cli/commands.ts'
import type { Call } from '../../../src/cli/command.ts'

async function script(shell: string): Promise<string> {
  const lines: string[] = []
  const [completion] = completionCommands(() => commands)
  const terminal = { print: (line: string) => lines.push(line) }
  await completion!.run({ args: [shell], terminal, flags: {} } as unknown as Call)
  return lines.join('\n')
}

const bash = await script('bash')

function complete(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const ask = `${bash}\nCOMP_WORDS=(rowhook ${quoted}); COMP_CWORD=${words.length}; _rowhook; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

test('bash completes commands, then what belongs to them', () => {
  expect(complete('si')).toEqual(['sinks'])
  expect(complete('sinks', 'p')).toEqual(['pause'])
  expect(complete('sinks', 'create', '--batch-s')).toEqual(['--batch-size'])
  expect(complete('sinks', '--l')).toEqual(['--limit'])
})

test('bash completes values of options, and files where files are meant', () => {
  expect(complete('messages', 'list', '--state', '')).toEqual([
    'pending',
    'delivered',
    'failing',
    'discarded',
  ])
  expect(complete('completion', '')).toEqual(['bash', 'zsh'])
  expect(complete('plan', 'package.j')).toEqual(['package.json'])
  expect(complete('sinks', 'create', '--file', 'package.j')).toEqual(['package.json'])
})

test('zsh gets the same words', async () => {
  const zsh = await script('zsh')
  for (const { path } of commands) expect(zsh).toContain(path.split(' ').at(-1))
  expect(zsh).toContain('compdef _rowhook rowhook')
})
