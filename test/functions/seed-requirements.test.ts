// The requirements of AWS's guide to tracing Python functions, as they stand there, on a Python that came without setuptools.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildRequirements } from '../../packages/fnscope/src/deploy/build.ts'
import { findPython } from '../../packages/fnscope/src/functions/runtimes/python.ts'
import { json, startHarness, TEST_CACHE } from './harness.ts'

const TEXT = 'jsonpickle==1.3\naws-xray-sdk==2.4.3\n'
const CODE = `
import os
import jsonpickle
from aws_xray_sdk.core import xray_recorder, patch_all
patch_all()
def handler(event, context):
    return sorted(jsonpickle.decode(jsonpickle.encode(dict(**os.environ))))[:1]
`

test("the guide's two requirements install and work with no line added", async () => {
  const runtime = 'python3.12'
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-requirements-'))
  const harness = startHarness()
  try {
    const options = { cacheDir: TEST_CACHE, findPython: (name: string) => findPython(name) }
    const build = await buildRequirements({ runtime, text: TEXT, dir, label: 'the guide' }, options)
    const spec = harness.add({ 'app.py': CODE }, { runtime, dependencyDirs: [build!.pythonDir], timeoutSeconds: 20 })
    const answer = await harness.call(spec.name)
    assert.equal(answer.functionError, undefined, Buffer.from(answer.payload).toString())
    assert.equal((json(answer) as string[]).length, 1)
  } finally {
    await harness.stop()
    rmSync(dir, { recursive: true, force: true })
  }
})
