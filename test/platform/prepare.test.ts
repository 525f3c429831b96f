// `ready` means that a first call does not wait for an installation; and a machine without a package index still starts.
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDir } from '../started-fnscope.ts'
import { appFixture, call, startWith } from './called.ts'

const APP = { 'app.py': 'def handler(event, context): return 1\n' }

test('up is ready when the runtime client is installed, and says that it installs it', async () => {
  const cache = temporaryDir('cache')
  try {
    using app = appFixture(APP, { one: ['Handler: app.handler'] })
    await using fnscope = await startWith(app, { env: { FNSCOPE_CACHE: cache } })
    assert.ok(
      existsSync(join(cache, 'runtimes/python3.11-boto3/awslambdaric')) || /was not found/.test(fnscope.stderr()),
    )
    assert.match(fnscope.stderr(), /Installing the Python 3\.\d+ runtime \(awslambdaric==/)
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
})

test('without a package index up still starts, says what cannot run, and a call is refused with the reason', async () => {
  const cache = temporaryDir('cache')
  try {
    using app = appFixture(APP, { one: ['Handler: app.handler'] })
    await using fnscope = await startWith(app, {
      env: { FNSCOPE_CACHE: cache, PIP_NO_INDEX: '1', PIP_CONFIG_FILE: '/dev/null' },
    })
    assert.deepEqual(fnscope.apps[0]?.functions, ['one'])
    assert.match(fnscope.stderr(), /Functions on python3\.11 cannot run yet: pip could not install awslambdaric/)
    const answer = await call(fnscope, 'one')
    assert.equal(answer.refused, 'InvalidRuntimeException')
    assert.match(answer.message, /pip could not install awslambdaric/)
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
})
