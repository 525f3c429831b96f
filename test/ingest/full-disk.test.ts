// A disk that is really full: a tmpfs of 512 kB in a mount namespace of its own.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { tempDir } from './open-log.ts'

const run = promisify(execFile)
const NAMESPACE = process.getuid?.() === 0 ? ['-m'] : ['-Urm']

function whyNot(): string | false {
  if (process.platform !== 'linux') return 'needs Linux: a small tmpfs in a mount namespace'
  try {
    execFileSync('unshare', [...NAMESPACE, 'true'], { stdio: 'ignore' })
    return false
  } catch {
    return `unshare ${NAMESPACE.join(' ')} is refused here: no small file system to fill`
  }
}

test(
  'a full disk refuses batches, loses none that it took, and takes again when there is room',
  { skip: whyNot() },
  async (t) => {
    const dir = tempDir(t)
    const script = 'mount -t tmpfs -o size=512k,mode=700 tmpfs "$1" && exec "$2" "$3" "$1"'
    const child = join(import.meta.dirname, 'full-disk-child.ts')
    const { stdout } = await run('unshare', [...NAMESPACE, 'sh', '-c', script, 'sh', dir, process.execPath, child])
    const report = JSON.parse(stdout) as Record<string, unknown>
    assert.ok(Number(report['accepted']) > 50)
    const { accepted: _, ...rest } = report
    assert.deepEqual(rest, {
      refused: 20,
      refusedLater: 0,
      allIngestFull: true,
      codes: ['ENOSPC'],
      clean: true,
      exact: true,
    })
  },
)
