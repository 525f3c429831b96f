// Nothing of a function outlives fnscope, even when that is killed with signal 9 while a handler keeps its core busy.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { processesWith, until } from './harness.ts'

const MARK = `60.00${process.pid}`
const HOST = `
import { startHarness } from ${JSON.stringify(new URL('harness.ts', import.meta.url).href)}
const harness = startHarness()
const spec = harness.add({
  'busy${process.pid}.py': 'import subprocess\\ndef handler(e, c):\\n    subprocess.Popen(["sleep", "${MARK}"])\\n    subprocess.Popen(["sleep", "${MARK}"], start_new_session=True)\\n    while True: pass\\n',
}, { timeoutSeconds: 60, handler: 'busy${process.pid}.handler' })
await harness.call(spec.name)
`

test('a busy function, its child and one that left its group end after kill -9', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-orphan-'))
  const host = spawn(process.execPath, ['--input-type=module', '-e', HOST], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, TMPDIR: dir },
  })
  const handler = `busy${process.pid}.handler`
  try {
    await until(() => processesWith(MARK).length > 1, 60_000)
    assert.ok(processesWith(handler).length > 0)
    host.kill('SIGKILL')
    await until(() => processesWith(MARK).length === 0 && processesWith(handler).length === 0, 30_000)
  } finally {
    host.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
})
