// Errors of the command line itself. Those of the API and of settings are in src/errors.ts.
import type { InputProblem } from '../errors.ts'
import { RowhookError } from '../errors.ts'

/** The command line is wrong: exit code 2. */
export class UsageError extends RowhookError {
  override readonly code = 'usage'
}

/** The API said no; `problems` are those of a 400. */
export class ApiError extends RowhookError {
  override readonly code: string
  override readonly status: number
  readonly problems: readonly InputProblem[]

  constructor(
    status: number,
    message: string,
    options: { code?: string; hint?: string; problems?: readonly InputProblem[] } = {},
  ) {
    super(message, options.hint === undefined ? {} : { hint: options.hint })
    this.status = status
    this.code = options.code ?? 'api'
    this.problems = options.problems ?? []
  }
}
