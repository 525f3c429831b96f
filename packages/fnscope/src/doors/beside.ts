// fnscope beside another local cloud (--beside URL): the log lines of its functions are read, and stored with the spans
// that the lines tell of, under the traces that the functions' SDKs sent to our own doors.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { invocationsOf } from '../codec/lambda-invocations.ts'
import { messageOf } from '../errors.ts'
import { CloudLogs, type GroupPosition } from '../receive/cloud-logs.ts'
import { newBatch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import type { DoorContext } from './door-context.ts'
import { SETTLE_MS, type LoggedInvocations } from './logged-invocations.ts'
import { setTimeout as delay } from 'node:timers/promises'

export interface BesideOptions extends Pick<DoorContext, 'quickIngest' | 'counters' | 'log' | 'now' | 'notify'> {
  readonly url: string
  readonly region: string
  /** Where reading stopped is kept here. */
  readonly file: string
  readonly invocations: LoggedInvocations
}

export interface Beside {
  stop(): Promise<void>
}

export function openBeside(options: BesideOptions): Beside {
  const { url, region, file, invocations, quickIngest, counters, log, now, notify } = options
  const positions = readPositions(file, url)
  const take: ConstructorParameters<typeof CloudLogs>[0]['take'] = async ({ logs, metrics }) => {
    const known = invocationsOf(logs)
    if (known.length > 0) await delay(SETTLE_MS)
    const { spans, traces } = known.length > 0 ? await invocations.rebuild(known) : NOTHING
    const batch = newBatch()
    for (const record of logs) {
      const traceId = record.requestId === undefined ? undefined : traces.get(record.requestId)
      batch.logs.push(record.traceId !== undefined || traceId === undefined ? record : { ...record, traceId })
    }
    batch.metrics.push(...metrics)
    for (const span of spans) pushSpan(batch.spans, span)
    await quickIngest.accept(batch)
    for (const [signal, count] of [
      ['log', logs.length],
      ['metric', metrics.length],
      ['span', spans.length],
    ] as const)
      if (count > 0) counters.received.inc({ door: 'beside', signal }, count)
  }
  const reading = new CloudLogs({
    url,
    region,
    now,
    log,
    notify,
    positions,
    async take(found) {
      await take(found)
      saved = false
    },
  })
  let saved = true
  const save = (): void => {
    if (saved) return
    saved = true
    try {
      const groups = [...positions].map(([name, { sinceMs, taken }]) => [name, sinceMs, [...taken]])
      writeFileSync(`${file}.new`, JSON.stringify({ url, groups }), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    } catch (error) {
      log.warn({ file, reason: messageOf(error) }, 'positions in the cloud beside not saved')
    }
  }
  const timer = setInterval(save, SAVE_MS)
  return {
    async stop() {
      clearInterval(timer)
      await reading.stop()
      save()
    },
  }
}

const NOTHING = { spans: [], traces: new Map<string, string>() }
const SAVE_MS = 1000

/** Of another cloud's, or none: empty. */
function readPositions(file: string, url: string): Map<string, GroupPosition> {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly url: string
      readonly groups: readonly (readonly [name: string, sinceMs: number, taken: readonly string[]])[]
    }
    if (read.url !== url) return new Map()
    return new Map(read.groups.map(([name, sinceMs, taken]) => [name, { sinceMs, taken: new Set(taken) }]))
  } catch {
    return new Map()
  }
}
