// The table of commands: all that `rowhook` can do, in the order of its help.
import type { Command } from './command.ts'
import { completionCommands } from './commands/completion.ts'
import { configCommands } from './commands/config.ts'
import { doctorCommands } from './commands/doctor.ts'
import { endpointCommands } from './commands/endpoints.ts'
import { historyCommands } from './commands/history.ts'
import { listenCommands } from './commands/listen.ts'
import { messageCommands } from './commands/messages.ts'
import { sinkCommands } from './commands/sinks.ts'
import { startCommands } from './commands/start.ts'
import { statusCommands } from './commands/status.ts'
import { tableCommands } from './commands/tables.ts'
import { tokenCommands } from './commands/tokens.ts'

/** Every command. */
export const commands: readonly Command[] = [
  ...startCommands,
  ...statusCommands,
  ...doctorCommands,
  ...configCommands,
  ...listenCommands,
  ...sinkCommands,
  ...endpointCommands,
  ...messageCommands,
  ...historyCommands,
  ...tableCommands,
  ...tokenCommands,
  ...completionCommands(() => commands),
]
