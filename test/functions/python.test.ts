// Finding interpreters and installing the runtime client, with the Pythons of this machine.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { findInterpreter } from '../../packages/fnscope/src/functions/runtimes/python-interpreter.ts'
import { findPython } from '../../packages/fnscope/src/functions/runtimes/python.ts'

test('the interpreter of a version really runs and is no shim', async () => {
  const path = await findPython('python3.11')
  const out = execFileSync(path, ['-c', 'import sys;print(sys.version_info[:2]==(3,11), sys.executable)'], {
    encoding: 'utf8',
  })
  assert.equal(out.trim(), `True ${path}`)
  assert.ok(!path.includes('/shims/'))
})

test('a version that is not there is replaced by the nearest, with one warning', async () => {
  const notes: string[] = []
  const note = (text: string): void => void notes.push(text)
  const [one, two] = await Promise.all([findInterpreter(99, note), findInterpreter(99, note)])
  assert.equal(one.path, two.path)
  assert.equal(notes.length, 1)
  assert.match(notes[0]!, /^Python 3\.99 was not found: functions for it run on Python 3\.\d+\.\d+/)
})

test('another runtime has no Python', async () => {
  await assert.rejects(findPython('nodejs20.x'), { code: 'FNS_RUNTIME_UNSUPPORTED' })
})
