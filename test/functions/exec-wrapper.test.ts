// AWS_LAMBDA_EXEC_WRAPPER: the script that a layer or the code brings, and what happens when it is not there.
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bodies, json, startHarness, type Harness } from './harness.ts'

let harness: Harness
before(() => {
  harness = startHarness()
})
after(() => harness.stop())

const SCRIPT = '#!/bin/bash\necho "wrapped by $0 with $#"\nexport FROM_WRAPPER=yes\nexec "$@"\n'
const CODE = { 'app.py': 'import os\ndef handler(e, c):\n    return os.environ.get("FROM_WRAPPER")\n' }

test('a wrapper of a layer, and one of the code, gets the runtime’s command line and hands it on', async () => {
  const layer = harness.add({ wrap: SCRIPT }, { name: 'wrapping-layer' }).codeDir
  chmodSync(join(layer, 'wrap'), 0o755)
  const spec = harness.add(CODE, { layerDirs: [layer], environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap' } })
  const answer = await harness.call(spec.name)
  assert.equal(json(answer), 'yes')
  assert.match(
    bodies(answer).find((line) => line.startsWith('wrapped by'))!,
    /wrap with [2-9]$/,
  )
  const own = harness.add(
    { ...CODE, 'bin/wrap': SCRIPT },
    { name: 'wraps-itself', environment: { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/bin/wrap' } },
  )
  chmodSync(join(own.codeDir, 'bin/wrap'), 0o755)
  assert.equal(json(await harness.call(own.name)), 'yes')
})

test('a wrapper that is not there fails the init with exit status 127', async () => {
  const spec = harness.add(CODE, { environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/nowhere' } })
  const answer = await harness.call(spec.name)
  assert.deepEqual(json(answer), {
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${answer.requestId} Error: Runtime exited with error: exit status 127`,
  })
  assert.ok(
    bodies(answer).some((line) =>
      /INIT_REPORT .*Phase: init\tStatus: error\tError Type: Runtime\.ExitError/.test(line),
    ),
  )
})
