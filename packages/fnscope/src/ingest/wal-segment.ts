// One segment: a file of the write-ahead log, and the token under which its rows are stored exactly once.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'

import type { EncodedBlock } from '../store/store.ts'

const EXTENSION = '.wal'
const NAME = /^\d{13}-([0-9a-f-]{36}-\d+)\.wal$/
const PROCESS_ID = randomUUID()
let sequence = 0

export class Segment {
  readonly path: string
  /** `<process uuid>-<sequence>`, kept in the file's name. */
  readonly token: string
  /** Bytes of the file that are ours; what lies behind is of a failed append. */
  bytes = 0
  rows = 0
  /** Undefined: only the file has them. */
  blocks: EncodedBlock[] | undefined
  /** What `blocks` counts for in the bound of memory. */
  heldBytes = 0
  /** When the first batch was written; on the clock of performance.now(). */
  readonly openedMillis = performance.now()
  /** Somebody waits for it: insert without gathering more. */
  urgent = false
  /** Settles when its rows are in the store, or refused for good. */
  readonly done = Promise.withResolvers<void>()

  constructor(path: string, token: string) {
    this.path = path
    this.token = token
  }
}

/** A segment of this process. Names sort by age. */
export function newSegment(dir: string): Segment {
  sequence += 1
  const token = `${PROCESS_ID}-${sequence}`
  const segment = new Segment(join(dir, `${String(Date.now()).padStart(13, '0')}-${token}${EXTENSION}`), token)
  segment.blocks = []
  return segment
}

/** A file that an earlier process left; undefined when the name is no segment's. */
export function foundSegment(dir: string, name: string, bytes: number): Segment | undefined {
  const token = NAME.exec(name)?.[1]
  if (token === undefined) return undefined
  const segment = new Segment(join(dir, name), token)
  segment.bytes = bytes
  return segment
}
