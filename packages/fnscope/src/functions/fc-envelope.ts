// How the platform and the runtimes for Function Compute talk within one body of the Runtime API: four bytes with the length
// of a JSON head, the head, then the function's own bytes. The clients beside runtimes/ read and write the same.
import type { FcAnswer, FcHttpRequest } from './fc-spec.ts'

export interface FcRequestHead {
  /** x-fc-…, all of them, possibly empty. */
  readonly headers: Readonly<Record<string, string>>
  readonly http?: FcHttpRequest
  /** There is nothing to do: it was started. */
  readonly idle?: true
  /** Requests follow, several at once, by fc-requests.ts; it is over when there are no more. */
  readonly shared?: true
}

export interface FcAnswerHead {
  readonly http?: NonNullable<FcAnswer['http']>
}

const LENGTH_BYTES = 4

export function encodeFcRequest(head: FcRequestHead, body: Uint8Array): Uint8Array {
  const json = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json, body])
}

/** The head and the caller's bytes; undefined: a client of ours did not write this. */
export function decodeFcAnswer(
  bytes: Uint8Array,
): { readonly head: FcAnswerHead; readonly body: Uint8Array } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < LENGTH_BYTES) return undefined
  const end = LENGTH_BYTES + buffer.readUInt32BE()
  if (end > buffer.length) return undefined
  try {
    const head = JSON.parse(buffer.toString('utf8', LENGTH_BYTES, end)) as FcAnswerHead
    return { head, body: buffer.subarray(end) }
  } catch {
    return undefined
  }
}
