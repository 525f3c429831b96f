// All stacks, with those that were deleted, one file each: an event costs a write of its own stack alone.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { STACK_TYPE } from '../../deploy/template-value.ts'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { writeWhole } from '../state-file.ts'
import { isInProgress, type StackEvent, type StackRecord } from './stack-record.ts'

const MOST_EVENTS = 2000
/** As long as the cloud lists them. */
const DELETED_KEPT_MS = 90 * 86_400_000

export class StackStore {
  readonly #dir: string
  readonly #stacks = new Map<string, StackRecord>()

  constructor(options: { readonly dir: string; readonly log: Logger }) {
    this.#dir = options.dir
    mkdirSync(options.dir, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(options.dir).filter((one) => one.endsWith('.json'))) {
      try {
        const record = JSON.parse(readFileSync(join(options.dir, name), 'utf8')) as StackRecord
        if (record.deletedMs === undefined || record.deletedMs > Date.now() - DELETED_KEPT_MS)
          this.#stacks.set(record.id, interrupted(record))
        else rmSync(join(options.dir, name), { force: true })
      } catch (error) {
        options.log.warn({ file: name, reason: messageOf(error) }, 'stack of earlier runs not read')
      }
    }
  }

  /** The newest first. */
  all(): readonly StackRecord[] {
    return [...this.#stacks.values()].sort((a, b) => b.createdMs - a.createdMs)
  }

  /** By id also a deleted one, by name only one that is there. */
  find(nameOrId: string): StackRecord | undefined {
    const byId = this.#stacks.get(nameOrId)
    return byId ?? this.all().find(({ name, deletedMs }) => name === nameOrId && deletedMs === undefined)
  }

  /** The record as it is now. */
  get(id: string): StackRecord {
    const record = this.#stacks.get(id)
    if (record === undefined) throw new Error(`no stack ${id}`)
    return record
  }

  put(record: StackRecord): void {
    this.#stacks.set(record.id, record)
    writeWhole(this.#file(record.id), JSON.stringify(record))
  }

  change(id: string, part: Partial<StackRecord>): StackRecord {
    const record = { ...this.get(id), ...part }
    this.put(record)
    return record
  }

  /** Events are written with the next change: the stack's own status follows each of them. */
  note(id: string, event: Omit<StackEvent, 'id' | 'timestampMs'>): void {
    const record = this.get(id)
    // Clients ask for what is newer than the last one they saw: no two have the same time.
    const timestampMs = Math.max(Date.now(), (record.events.at(-1)?.timestampMs ?? 0) + 1)
    const eventId =
      event.type === STACK_TYPE && event.physicalId === id
        ? globalThis.crypto.randomUUID()
        : `${event.logicalId}-${event.status}-${new Date(timestampMs).toISOString()}`
    const events = [...record.events, { ...event, id: eventId, timestampMs }].slice(-MOST_EVENTS)
    this.#stacks.set(id, { ...record, events })
  }

  /** A stack that never came to be: nothing is remembered of it. */
  forget(id: string): void {
    this.#stacks.delete(id)
    rmSync(this.#file(id), { force: true })
  }

  #file(id: string): string {
    return join(this.#dir, `${createHash('sha256').update(id).digest('hex').slice(0, 40)}.json`)
  }
}

/** fnscope ended in the middle of a change: it failed. */
function interrupted(record: StackRecord): StackRecord {
  if (!isInProgress(record.status)) return record
  const status = record.status.startsWith('CREATE')
    ? 'CREATE_FAILED'
    : record.status.startsWith('DELETE')
      ? 'DELETE_FAILED'
      : record.status.startsWith('ROLLBACK')
        ? 'ROLLBACK_FAILED'
        : 'UPDATE_ROLLBACK_FAILED'
  return { ...record, status, statusReason: 'fnscope ended before this was done.' }
}
