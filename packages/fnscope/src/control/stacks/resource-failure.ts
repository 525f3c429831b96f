// What fails a stack: one of its resources could not be made, changed or removed.
import { messageOf } from '../../errors.ts'
import type { ResourceRecord } from './stack-record.ts'

export class ResourceFailure extends Error {
  readonly logicalId: string

  constructor(logicalId: string, error: unknown) {
    super(messageOf(error), { cause: error })
    this.logicalId = logicalId
  }
}

/** A stack's status reason. */
export function failedTo(verb: 'create' | 'update', error: unknown): string {
  return error instanceof ResourceFailure
    ? `The following resource(s) failed to ${verb}: [${error.logicalId}].`
    : messageOf(error)
}

export function failedList(verb: 'delete' | 'update', resources: readonly ResourceRecord[]): string {
  return `The following resource(s) failed to ${verb}: [${resources.map(({ logicalId }) => logicalId).join(', ')}]. `
}
