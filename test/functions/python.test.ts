// Finding interpreters and installing the runtime client, with the Pythons of this machine.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import type { FnscopeError } from '../../packages/fnscope/src/errors.ts'
import { findInterpreter, installedPythons } from '../../packages/fnscope/src/functions/runtimes/python-interpreter.ts'
import { findPython } from '../../packages/fnscope/src/functions/runtimes/python.ts'
import { json, startHarness } from './harness.ts'

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
  const [one, two] = await Promise.all([findInterpreter(99, { notify: note }), findInterpreter(99, { notify: note })])
  assert.equal(one.path, two.path)
  assert.equal(notes.length, 1)
  assert.match(notes[0]!, /^Python 3\.99 was not found: functions for it run on Python 3\.\d+\.\d+/)
})

test('a version that is not there is refused when another must not stand in', async () => {
  await assert.rejects(findInterpreter(98, { notify: () => {}, strict: true }), (error: FnscopeError) => {
    assert.equal(error.code, 'FNS_RUNTIME_MISSING')
    assert.match(error.message, /^Python 3\.98 was not found .* is there, but --strict-runtime asks/)
    return true
  })
})

test('every Python of this machine runs a function, with boto3 last on its path', { timeout: 600_000 }, async (t) => {
  const harness = startHarness()
  try {
    for (const { minor, found } of await installedPythons()) {
      if (!found) {
        t.diagnostic(`python3.${minor} is not on this machine`)
        continue
      }
      const spec = harness.add(
        {
          'app.py':
            'import boto3, botocore, sys\ndef handler(e, c):\n    return [list(sys.version_info[:2]), e, boto3.__name__ + botocore.__name__, boto3.__file__.startswith(sys.path[-1]) or any(boto3.__file__.startswith(p) for p in sys.path[1:])]\n',
        },
        { runtime: `python3.${minor}`, timeoutSeconds: 30 },
      )
      assert.deepEqual(json(await harness.call(spec.name, { a: 1 })), [[3, minor], { a: 1 }, 'boto3botocore', true])
    }
    const own = harness.add({
      'app.py': 'import boto3\ndef handler(e, c):\n    return boto3.mine\n',
      'boto3/__init__.py': 'mine = "bundled"\n',
    })
    assert.equal(json(await harness.call(own.name)), 'bundled')
  } finally {
    await harness.stop()
  }
})

test('a function for the other architecture runs with this machine’s Python, and its deployment says so once', async () => {
  const harness = startHarness()
  try {
    const architecture = process.arch === 'arm64' ? 'x86_64' : 'arm64'
    const spec = harness.add({ 'app.py': 'def handler(e, c):\n    return e\n' }, { architecture })
    assert.equal(json(await harness.call(spec.name, 1)), 1)
    assert.equal(harness.notes.filter((note) => note.includes(`for ${architecture}, and run here on`)).length, 1)
  } finally {
    await harness.stop()
  }
})

test('another runtime has no Python', async () => {
  await assert.rejects(findPython('nodejs20.x'), { code: 'FNS_RUNTIME_UNSUPPORTED' })
})
