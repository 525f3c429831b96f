// Pages of a list that lies in memory: the token is where the next page begins.
import { ServiceError } from './service-error.ts'

export interface PageRequest {
  readonly token: string | undefined
  readonly most: number
  /** Of a token that nobody was given. */
  readonly errorCode?: string
}

/** `next` is absent on the last page. @throws ServiceError */
export function pageOf<Item>(
  all: readonly Item[],
  { token, most, errorCode = 'InvalidNextToken' }: PageRequest,
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const from = token === undefined || token === '' ? 0 : offsetOf(token)
  if (from === undefined) throw new ServiceError(errorCode, 'The specified token is not valid.')
  const end = from + Math.max(most, 1)
  return { items: all.slice(from, end), next: end < all.length ? tokenOf(end) : undefined }
}

function tokenOf(offset: number): string {
  return Buffer.from(`from:${offset}`).toString('base64url')
}

function offsetOf(token: string): number | undefined {
  const digits = /^from:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number(digits)
}
