// Run by full-disk.test.ts with a small file system on LOG_DIR: fills it while the store is down, then lets the store come.
// Prints one JSON line of what happened.
import { statSync } from 'node:fs'

import { Counters } from '../../packages/fnscope/src/counters.ts'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { openLog, segmentFiles } from './open-log.ts'
import { batchOf, storeDown, TokenWriter } from './token-writer.ts'

const [dir] = process.argv.slice(2) as [string]
const writer = new TokenWriter()
let down = true
writer.before = () => void (down && storeDown())
const counters = new Counters()
const ingest = await openLog({ dir, writer, counters })

const accepted: string[] = []
const errors: unknown[] = []
const accept = async (row: string): Promise<void> => {
  try {
    await ingest.accept(batchOf([row]))
    accepted.push(row)
  } catch (error) {
    errors.push(error)
  }
}
for (let row = 0; errors.length < 20 && row < 1000; row++) await accept(`${row}-${'x'.repeat(3000)}`)
// What a refused append wrote is gone: a replay after a crash here would find only what was accepted.
const onDisk = segmentFiles(dir).reduce((sum, path) => sum + statSync(path).size, 0)
const clean = onDisk === (await counters.walBytes.get()).values[0]?.value
down = false
await ingest.flushed()
const errorsWhileFull = errors.length
await accept('after')
await ingest.flushed()
await ingest.close()

const stored = writer.rows('logs')
const report = {
  accepted: accepted.length,
  refused: errorsWhileFull,
  refusedLater: errors.length - errorsWhileFull,
  allIngestFull: errors.every((error) => error instanceof IngestFullError),
  codes: [...new Set(errors.map((error) => ((error as Error).cause as NodeJS.ErrnoException).code))],
  clean,
  exact: JSON.stringify(stored) === JSON.stringify(accepted),
}
process.stdout.write(`${JSON.stringify(report)}\n`)
