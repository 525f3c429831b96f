// What the main thread and the thread of a UDP socket say to each other (udp-receiver.ts, udp-receiver-thread.ts).

/** Room for the largest datagram several times; about 250 X-Ray documents. */
export const CHUNK_BYTES = 256 * 1024

export interface ReceiverSettings {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Chunks that may be with the main thread at once: the bound of memory. */
  readonly maxChunks: number
}

export type FromThread =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot listen; the thread ends. */
  | { readonly kind: 'refused'; readonly message: string; readonly code?: string }
  /** Something of the socket failed later; it goes on. */
  | { readonly kind: 'error'; readonly message: string; readonly code?: string }
  /** `buffer` is transferred, and must be sent back once it is done with. `dropped` came before it. */
  | { readonly kind: 'chunk'; readonly buffer: ArrayBuffer; readonly used: number; readonly dropped: number }
  | { readonly kind: 'dropped'; readonly count: number }

/** A chunk's buffer, transferred back; or the end. */
export type ToThread = ArrayBuffer | 'stop'
