// Run by full-disk.test.ts with a small file system on LOG_DIR: fills it while the store is down, then lets the store come.
// Prints one JSON line of what happened.
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { openLog } from './open-log.ts'
import { batchOf, storeDown, TokenWriter } from './token-writer.ts'

const [dir] = process.argv.slice(2) as [string]
const writer = new TokenWriter()
let down = true
writer.before = () => void (down && storeDown())
const ingest = await openLog({ dir, writer })

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
  exact: JSON.stringify(stored) === JSON.stringify(accepted),
}
process.stdout.write(`${JSON.stringify(report)}\n`)
