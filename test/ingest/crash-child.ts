// Run by crash.test.ts: accepts batches without end and prints the rows of each once it is answered.
//   node crash-child.ts LOG_DIR STORE_FILE RUN [CRASH_AFTER_INSERTS]
import { writeSync } from 'node:fs'

import { openLog } from './open-log.ts'
import { batchOf, TokenWriter } from './token-writer.ts'

const [dir, store, run, crashAfter] = process.argv.slice(2) as [string, string, string, string?]
const writer = new TokenWriter(store)
if (crashAfter !== undefined) {
  // The store has the rows and the segment is still there: what only the token makes exact.
  writer.after = () => void (writer.calls.length >= Number(crashAfter) && process.kill(process.pid, 'SIGKILL'))
}
const ingest = await openLog({ dir, writer })

for (let batch = 0; ; batch++) {
  const rows = [0, 1, 2].map((row) => `${run}-${batch}-${row}`)
  await ingest.accept(batchOf(rows, [`${run}-${batch}`]))
  writeSync(1, `${rows.join('\n')}\n`)
}
