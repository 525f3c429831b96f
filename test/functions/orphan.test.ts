// Nothing of a function outlives fnscope, even when that is killed with signal 9 while a handler keeps its core busy.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from './harness.ts'

const HOST = `
import { startHarness } from ${JSON.stringify(new URL('harness.ts', import.meta.url).href)}
const harness = startHarness()
const spec = harness.add({
  'app.py': 'import os, subprocess, json\\ndef handler(e, c):\\n    child = subprocess.Popen(["sleep", "60"])\\n    json.dump([os.getpid(), child.pid], open(e + ".part", "w")); os.rename(e + ".part", e)\\n    while True: pass\\n',
}, { timeoutSeconds: 60 })
await harness.call(spec.name, process.argv[1])
`

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a busy function and its child end within five seconds of kill -9', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-orphan-'))
  const file = join(dir, 'pids')
  const host = spawn(process.execPath, ['--input-type=module', '-e', HOST, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, TMPDIR: dir },
  })
  try {
    await until(() => existsSync(file), 20_000)
    const pids = JSON.parse(readFileSync(file, 'utf8')) as number[]
    assert.ok(pids.every(alive))
    host.kill('SIGKILL')
    await until(() => !pids.some(alive), 5000)
  } finally {
    host.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
})
