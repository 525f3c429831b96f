// Who holds a data directory: the living, not the dead, and not a stranger who got a dead one's pid.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'

import { startOf, takeDataLock } from './engine-lock.ts'

let dataDir = ''
let lockFile = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'fnscope-lock-'))
  lockFile = join(dataDir, 'fnscope.lock')
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

test('a held directory is refused, naming directory and holder', () => {
  takeDataLock(dataDir)
  assert.throws(() => takeDataLock(dataDir), {
    code: 'FNS_DATA_IN_USE',
    message: new RegExp(`${dataDir} is in use by process ${process.pid}\\.`),
  })
  assert.deepEqual(readdirSync(dataDir), ['fnscope.lock'])
})

test('a released directory can be taken again', () => {
  takeDataLock(dataDir).release()
  assert.ok(!existsSync(lockFile))
  takeDataLock(dataDir)
})

test('the lock of a process that has gone is taken over', () => {
  writeFileSync(lockFile, '4194305 1 gone\n')
  takeDataLock(dataDir)
  assert.deepEqual(readdirSync(dataDir), ['fnscope.lock'])
})

test('the lock of a process whose pid another one has now is taken over', () => {
  writeFileSync(lockFile, `${process.ppid} another start\n`)
  takeDataLock(dataDir)
})

test('an empty lock, as a full disk leaves it, is taken over', () => {
  writeFileSync(lockFile, '')
  takeDataLock(dataDir)
})

test('releasing after somebody else took over leaves their lock alone', () => {
  const lock = takeDataLock(dataDir)
  writeFileSync(lockFile, `${process.ppid} ${startOf(process.ppid)}\n`)
  lock.release()
  assert.ok(existsSync(lockFile))
})
