// How far each mapping has read its stream, kept in a file: after a restart it goes on behind the last record that was done.
// A batch that was underway comes again, as it does on the cloud.

/** Of one mapping. */
export interface StreamPosition {
  /** Stream.identity: positions in one stream say nothing of another. */
  readonly stream: string
  /** When the mapping was first polled. */
  readonly sinceMs: number
  /** Sequence numbers of the last record that is done, by shard. */
  readonly shards: Readonly<Record<string, string>>
}

/** By the mapping's uuid. */
export type StreamPositionsState = Readonly<Record<string, StreamPosition>>

/** What keeps them: a file, written whole. */
export interface PositionsFile {
  readonly current: StreamPositionsState
  replace(next: StreamPositionsState): void
}

const SAVE_MS = 1000

export class StreamPositions {
  readonly #file: PositionsFile
  readonly #onError: (error: unknown) => void
  #state: StreamPositionsState
  #timer: NodeJS.Timeout | undefined

  constructor(file: PositionsFile, onError: (error: unknown) => void) {
    this.#file = file
    this.#onError = onError
    this.#state = file.current
  }

  /** What is known of a mapping; undefined when it is new, or its stream is another one. */
  of(uuid: string, stream: string): StreamPosition | undefined {
    const known = this.#state[uuid]
    return known?.stream === stream ? known : undefined
  }

  begin(uuid: string, position: StreamPosition): void {
    this.#replace({ ...this.#state, [uuid]: position })
  }

  /** All up to this record is done. */
  advance(uuid: string, shardId: string, sequenceNumber: string): void {
    const known = this.#state[uuid]
    if (known === undefined) return
    this.#replace({ ...this.#state, [uuid]: { ...known, shards: { ...known.shards, [shardId]: sequenceNumber } } })
  }

  /** The mapping is gone: another one of the same stream begins where it says. */
  forget(uuid: string): void {
    if (this.#state[uuid] === undefined) return
    const { [uuid]: _, ...rest } = this.#state
    this.#replace(rest)
  }

  stop(): void {
    if (this.#timer !== undefined) this.#save()
  }

  #replace(next: StreamPositionsState): void {
    this.#state = next
    this.#timer ??= setTimeout(() => this.#save(), SAVE_MS)
  }

  #save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    try {
      this.#file.replace(this.#state)
    } catch (error) {
      this.#onError(error)
    }
  }
}
