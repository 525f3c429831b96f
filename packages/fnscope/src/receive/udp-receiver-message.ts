// What the main thread and the thread of the UDP sockets say to each other (udp-receiver.ts, udp-receiver-thread.ts): each
// socket has a channel of its own, whose other end is handed over with what it shall listen on.
import type { MessagePort } from 'node:worker_threads'

/** Room for the largest datagram several times; about 250 X-Ray documents. */
export const CHUNK_BYTES = 256 * 1024

export interface OpenSocket {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Chunks that may be with the main thread at once: the bound of memory. */
  readonly maxChunks: number
  /** Transferred. */
  readonly channel: MessagePort
}

export type FromSocket =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot listen; nothing comes after it. */
  | { readonly kind: 'refused'; readonly message: string; readonly code?: string }
  /** Something of the socket failed later; it goes on. */
  | { readonly kind: 'error'; readonly message: string; readonly code?: string }
  /** `buffer` is transferred, and must be sent back once it is done with. `dropped` came before it. */
  | { readonly kind: 'chunk'; readonly buffer: ArrayBuffer; readonly used: number; readonly dropped: number }
  | { readonly kind: 'dropped'; readonly count: number }
  /** After a stop; nothing comes after it. */
  | { readonly kind: 'stopped' }

/** A chunk's buffer, transferred back; or the end. */
export type ToSocket = ArrayBuffer | 'stop'
