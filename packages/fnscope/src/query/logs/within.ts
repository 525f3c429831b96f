// Somebody's regular expression over somebody's lines: synchronous work that may take for ever is ended.
import { runInNewContext } from 'node:vm'

/** The result of the work. @throws Error when it takes longer */
export function withinMs<Result>(timeout: number, work: () => Result): Result {
  return runInNewContext('work()', { work }, { timeout }) as Result
}

export function ranTooLong(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
