// The terminal of this process.
import { createInterface } from 'node:readline/promises'
import type { Terminal } from './terminal.ts'

/** Prints to standard output and standard error. Heeds NO_COLOR and FORCE_COLOR. */
export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdin, stdout, stderr } = process
  // A reader that has seen enough (head, less) is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  let shown = false
  const wipe = (): void => {
    if (shown) stderr.write('\r\u001b[2K')
    shown = false
  }
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    coloured: isColoured(env, stdout.isTTY === true),
    get columns() {
      return stdout.isTTY === true ? stdout.columns : undefined
    },
    print(line) {
      wipe()
      stdout.write(`${line}\n`)
    },
    note(line) {
      wipe()
      stderr.write(`${line}\n`)
    },
    progress(line) {
      if (stderr.isTTY !== true) return
      wipe()
      if (line === undefined) return
      stderr.write(line)
      shown = true
    },
    async confirm(question) {
      if (!this.interactive) return false
      const ask = createInterface({ input: stdin, output: stderr })
      const ended = new Promise<string>((resolve) => ask.once('close', () => resolve('')))
      try {
        const answer = await Promise.race([ask.question(`${question} [y/N] `), ended])
        return /^y(es)?$/i.test(answer.trim())
      } finally {
        ask.close()
      }
    },
  }
}

function isColoured(env: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true
  return isTty && env['TERM'] !== 'dumb'
}
