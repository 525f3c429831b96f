// How an idle environment ends: libraries that hold telemetry back are told, and have a moment to send it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHarness } from './harness.ts'

test('an idle process is ended by SIGTERM, and what it says then is kept; one that does not listen is killed', async () => {
  const harness = startHarness()
  try {
    const polite = harness.add({
      'app.py':
        'import signal, sys\ndef last(*_):\n    print("last words", flush=True)\n    sys.exit(0)\nsignal.signal(signal.SIGTERM, last)\ndef handler(event, context):\n    return 1\n',
    })
    const deaf = harness.add({
      'app.py':
        'import signal\nsignal.signal(signal.SIGTERM, lambda *_: print("not now", flush=True))\ndef handler(event, context):\n    return 1\n',
    })
    const plain = harness.add({ 'app.py': 'def handler(event, context):\n    return 1\n' })
    for (const { name } of [polite, deaf, plain]) assert.equal((await harness.call(name, {})).functionError, undefined)
  } finally {
    await harness.stop()
  }
  const lines = harness.ingest.batches.flatMap(({ logs }) => logs).map(({ body }) => body)
  assert.ok(lines.includes('last words'), lines.join('\n'))
  assert.ok(lines.includes('not now'), lines.join('\n'))
  assert.ok(
    !lines.some((line) => line.includes('Terminated')),
    'what a shell says of its child is no line of the function',
  )
})
