// The table of commands: all that `rowhook` can do, in the order of its help.
import type { Command } from './command.ts'
import { startCommands } from './commands/start.ts'

/** Every command. */
export const commands: readonly Command[] = [...startCommands]
