// A write-ahead log in a directory of its own, for one test.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import { Counters } from '../../packages/fnscope/src/counters.ts'
import { openIngest, type OpenIngest, type OpenIngestOptions } from '../../packages/fnscope/src/ingest/open-ingest.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { takeDataLock } from '../../packages/fnscope/src/store/engine-lock.ts'

export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-ingest-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export type OpenLogOptions = Pick<OpenIngestOptions, 'dir' | 'writer'> & Partial<OpenIngestOptions>

export function openLog(options: OpenLogOptions): Promise<OpenIngest> {
  return openIngest({
    counters: new Counters(),
    log: silentLogger,
    maxBytes: 64 * 1024 * 1024,
    lock: takeDataLock,
    ...options,
  })
}

export function segmentFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.wal'))
    .map((name) => join(dir, name))
}

/** The sum of a counter, or of those of its values that have this label. */
export async function count(
  counter: Counters['dropped'],
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { values } = await counter.get()
  return values
    .filter((value) => Object.entries(labels).every(([name, label]) => value.labels[name] === label))
    .reduce((sum, { value }) => sum + value, 0)
}
