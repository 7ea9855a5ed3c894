// `rowhook plan`, `apply`, `export` and `schema`: endpoints, sinks and retentions as one document.
import { writeFile } from 'node:fs/promises'
import { documentJsonSchema } from '../../api/document/schema.ts'
import type { PlannedChange } from '../../api/document/schema.ts'
import type { Answer, Client } from '../client.ts'
import { type Call, type Command, command, exit } from '../command.ts'
import { type ConfigFile, readConfigFile } from '../config-file.ts'
import { UsageError } from '../errors.ts'
import { mergeExport } from '../merge.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { painter, printable } from '../terminal/text.ts'
import { planLines, planSummary } from './plan-text.ts'

interface Plan {
  changes: PlannedChange[]
}

const documentFlags = {
  file: {
    type: 'string',
    value: 'file',
    file: true,
    about: 'the document; default rowhook.yml, - for standard input',
  },
  prune: { type: 'boolean', about: 'also remove what the document lacks' },
} as const

const substitution = '${VAR} and ${VAR:-default} in it are filled in from the environment.'

export const configCommands: Command[] = [
  command({
    path: 'plan',
    about: 'Show what a configuration document would change',
    details: `${substitution} Exit code 3 when there is something to do, 0 when there is nothing.`,
    args: ['[FILE]'],
    flags: documentFlags,
    examples: ['rowhook plan rowhook.yml', 'rowhook plan --prune --json'],
    async run(call) {
      const { terminal, json } = call
      const file = await fileOf(call)
      const { text, value } = await send(await call.api(), file, 'plan', call.flags.prune)
      if (json) terminal.print(text)
      else printPlan(terminal, value)
      return value.changes.length === 0 ? exit.ok : exit.findings
    },
  }),
  command({
    path: 'apply',
    about: 'Make the configuration that of a document',
    details: `All of it or nothing. ${substitution} On a terminal it shows the plan and asks; elsewhere, and with --yes,
it asks nothing. Secrets that the document does not name stay as they are.`,
    args: ['[FILE]'],
    flags: { ...documentFlags, yes: { type: 'boolean', about: 'do not ask' } },
    examples: ['rowhook apply rowhook.yml', 'rowhook apply --prune --yes'],
    async run(call) {
      const { terminal, json, flags } = call
      const file = await fileOf(call)
      const client = await call.api()
      const asks = terminal.interactive && flags.yes !== true && !json && file.name !== '-'
      if (asks) {
        const { value } = await send(client, file, 'plan', flags.prune)
        printPlan(terminal, value)
        if (value.changes.length === 0) return exit.ok
        if (!(await terminal.confirm('Apply?'))) {
          terminal.note('Nothing was changed.')
          return exit.error
        }
      }
      const { text, value } = await send(client, file, 'apply', flags.prune)
      if (json) {
        terminal.print(text)
        return exit.ok
      }
      if (!asks) printPlan(terminal, value, 'done')
      else terminal.print('Done.')
      for (const { name, signing_secret } of value.changes) {
        if (signing_secret === undefined) continue
        terminal.note(`The signing secret of endpoint ${name}, shown this once:`)
        terminal.print(signing_secret)
      }
      return exit.ok
    },
  }),
  command({
    path: 'export',
    about: 'Print the configuration as a document',
    details: `Secrets are left out, defaults too (--json has them). With --file it brings a document up to date in place:
its comments, order and variables stay where they still hold, and so do the secrets that it names.`,
    flags: { file: { type: 'string', value: 'file', file: true, about: 'bring this document up to date' } },
    examples: ['rowhook export > rowhook.yml', 'rowhook export --file rowhook.yml'],
    async run({ flags, api, json, terminal, env }) {
      if (json && flags.file !== undefined)
        throw new UsageError('--json prints, --file writes', { hint: 'Give one of them.' })
      const { text, value } = await (await api()).get<object>('/api/config/export')
      if (json) {
        terminal.print(text)
        return exit.ok
      }
      if (flags.file === undefined) {
        terminal.print(mergeExport(undefined, value, env).trimEnd())
        return exit.ok
      }
      const existing = await readConfigFile(flags.file, env, { orNew: true })
      const merged = mergeExport(existing, value, env)
      if (merged === existing.text) terminal.note(`${flags.file} is up to date.`)
      else {
        await writeFile(flags.file, merged)
        terminal.note(`${flags.file} is brought up to date.`)
      }
      return exit.ok
    },
  }),
  command({
    path: 'schema',
    about: "Print the JSON Schema of the configuration document, for editors' completion and checks",
    details: `The API serves it at /config.schema.json. In a document, for the YAML language server:
  # yaml-language-server: $schema=./rowhook.schema.json`,
    plain: true,
    examples: ['rowhook schema > rowhook.schema.json'],
    run({ terminal }) {
      terminal.print(JSON.stringify(documentJsonSchema(), null, 2))
      return Promise.resolve(exit.ok)
    },
  }),
]

/** Plans or applies a document; problems that the API finds get the line in the file. */
export async function send(
  client: Client,
  file: ConfigFile,
  verb: 'plan' | 'apply',
  prune: boolean | undefined,
): Promise<Answer<Plan>> {
  try {
    return await client.post<Plan>(`/api/config/${verb}`, file.value, prune === true ? { prune } : {})
  } catch (error) {
    throw file.locate(error)
  }
}

async function fileOf(
  call: Pick<Call<{ readonly file?: string }>, 'args' | 'flags' | 'env'>,
): Promise<ConfigFile> {
  const [given] = call.args
  if (given !== undefined && call.flags.file !== undefined)
    throw new UsageError('the document is given twice', { hint: 'Name it once.' })
  return readConfigFile(given ?? call.flags.file ?? 'rowhook.yml', call.env)
}

function printPlan(terminal: Terminal, { changes }: Plan, tense: 'planned' | 'done' = 'planned'): void {
  for (const line of planLines(changes, painter(terminal.coloured))) terminal.print(line)
  if (changes.length > 0) terminal.print('')
  terminal.print(printable(planSummary(changes, tense)))
}
