import { RowhookError } from '../errors.ts'
import type { ErrorOptions } from '../errors.ts'

/** Where in the user's own input a filter is wrong. */
export interface FilterErrorOptions extends ErrorOptions {
  /** 1-based, in characters (code points) of the user's text; absent where no single place is to blame. */
  position?: number | undefined
  /** For the structured form: the way from the filter to the field, such as `.value` or `[1].operator`. */
  path?: string | undefined
}

/** A filter that cannot be used: 400. The message names what is wrong and, where there is one, the way out. */
export class FilterError extends RowhookError {
  override readonly code = 'invalid_filter'
  override readonly status = 400
  readonly position: number | undefined
  readonly path: string | undefined

  constructor(message: string, options: FilterErrorOptions = {}) {
    super(message, options)
    this.position = options.position
    this.path = options.path
  }
}
