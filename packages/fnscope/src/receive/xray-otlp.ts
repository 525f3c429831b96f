// OTLP in datagrams of the X-Ray daemon's port: AWS' distributions of OpenTelemetry send it there from within a function.
import { MalformedError, type Taken } from '../codec/taken.ts'
import { emptied, newBatch, type Batch } from '../span/batch.ts'
import type { Counted, Drop } from './udp-door.ts'
import type { OtlpWord } from './xray-datagram.ts'

/** Adds what it can keep of a request to the batch. @throws MalformedError then the batch cannot be used */
export type DecodeOtlpDatagram = (word: OtlpWord, request: Uint8Array, batch: Batch) => Taken

const BASE64 = /^[A-Za-z0-9+/]+={0,2}\s*$/

export class OtlpDatagrams {
  readonly #decode: DecodeOtlpDatagram
  // Many datagrams share a batch, and one that breaks off in the middle would spoil it: each is tried here first.
  #trial = newBatch()

  constructor(decode: DecodeOtlpDatagram) {
    this.#decode = decode
  }

  /** @returns what the batch got of it */
  read(word: OtlpWord, body: Buffer, batch: Batch, drop: Drop): Counted {
    const signal = word === 'M1' ? 'metric' : 'span'
    const nothing = { signal, count: 0 } as const
    const text = body.toString('latin1')
    if (!BASE64.test(text)) {
      drop('bad_base64', `no base64 stands behind ${word}`)
      return nothing
    }
    const request = new Uint8Array(Buffer.from(text, 'base64'))
    try {
      this.#decode(word, request, this.#trial)
    } catch (error) {
      this.#trial = newBatch()
      if (!(error instanceof MalformedError)) throw error
      drop('malformed', error.message)
      return nothing
    }
    this.#trial = emptied(this.#trial)
    const taken = this.#decode(word, request, batch)
    for (const [reason, count] of taken.reasons) drop(reason, taken.message, { count })
    return { signal, count: taken.rows }
  }
}
