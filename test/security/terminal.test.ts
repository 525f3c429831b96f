// What functions and clients say is printed so that it cannot drive the terminal of whoever reads it.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { send } from '../raw-http.ts'
import { APPS, eventually, runFnscope, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'guarded') })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

// Controls but for tab and newline, and the marks that turn the direction of text around.
const HARMFUL = /[[\p{Cc}\p{Bidi_Control}]--[\t\n]]/v

async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runFnscope(args, { FNSCOPE_URL: fnscope.url, NO_COLOR: '1' })
  assert.equal(code, 0, stderr)
  return stdout + stderr
}

test("a function's escape sequences are shown, not obeyed, by invoke --tail and logs", async () => {
  const tail = await printed('invoke', 'PaintFunction', '--tail')
  assert.match(tail, /painted/)
  assert.doesNotMatch(tail, HARMFUL)
  const logs = await eventually(async () => {
    const text = await printed('logs', 'PaintFunction')
    return text.includes('owned') ? text : undefined
  })
  assert.match(logs, /red/)
  assert.doesNotMatch(logs, HARMFUL)
})

test('names and annotations that a client sent are shown, not obeyed, by traces', async () => {
  const seconds = Math.floor(Date.now() / 1000)
  const traceId = `1-${seconds.toString(16)}-abababababababababababab`
  const forged = 'shop\u001b[2J\u009b31m\nTrace 1-forged  \u202eevil'
  const document = {
    name: forged,
    id: 'abababababababab',
    trace_id: traceId,
    start_time: seconds,
    end_time: seconds + 1,
    origin: 'AWS::\u001b]0;owned\u0007',
    annotations: { 'key\u001b[1m': 'value\r\n\u001b[2K forged line' },
    fault: true,
    cause: { exceptions: [{ id: 'cdcdcdcdcdcdcdcd', message: 'bad\u001b[0m\nforged', type: 'E\u0007' }] },
    http: { request: { method: 'GET\u001b[7m', url: 'http://x/\u001b[8m' } },
  }
  const body = JSON.stringify({ TraceSegmentDocuments: [JSON.stringify(document)] })
  const put = await send(fnscope.url, { method: 'POST', path: '/TraceSegments', body })
  assert.equal(put.body, '{"UnprocessedTraceSegments":[]}')
  const list = await eventually(async () => {
    const text = await printed('traces')
    return text.includes(traceId) ? text : undefined
  })
  const tree = await printed('traces', '--id', traceId)
  for (const text of [list, tree]) {
    assert.match(text, /shop/)
    assert.doesNotMatch(text, HARMFUL)
    assert.doesNotMatch(text, /^(Trace 1-forged| forged line|forged)/m, 'one line stays one line')
  }
})
