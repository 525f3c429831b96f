// What a caller sees of functions that fail, through unmodified boto3, and what is recorded of them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { StartedFnscope } from '../started-fnscope.ts'
import { appFixture, call, headerOf, linesOf, spansOf, startWith, type AppFixture } from './called.ts'

const APP = `
import os, signal, sys, time

def ok(event, context): return 'ok'
def raises(event, context): raise ValueError('bad: ü')
def slow(event, context): time.sleep(30)
def crash(event, context): os._exit(3)
def killed(event, context): os.kill(os.getpid(), signal.SIGKILL)
def leaves(event, context): sys.exit(0)
def large(event, context): return 'x' * (6 * 1024 * 1024 + 200)
def unserializable(event, context): return {1, 2}
def bytes_out(event, context):
    os.write(1, b'caf\\xe9 \\xff\\n')
    return 'caf\\u00e9'
`

const FUNCTIONS = ['ok', 'raises', 'slow', 'crash', 'killed', 'leaves', 'large', 'unserializable', 'bytes_out']

let app: AppFixture
let fnscope: StartedFnscope

before(async () => {
  app = appFixture(
    { 'app.py': APP, 'imports.py': 'import nothing_of_that_name\n', 'exits.py': 'import os\nos._exit(7)\n' },
    {
      ...Object.fromEntries(
        FUNCTIONS.map((name) => [
          name.replace('_', ''),
          [`Handler: app.${name}`, ...(name === 'slow' ? ['Timeout: 1'] : [])],
        ]),
      ),
      missingmodule: ['Handler: imports.handler'],
      missinghandler: ['Handler: app.nowhere'],
      exitsatinit: ['Handler: exits.handler'],
    },
  )
  fnscope = await startWith(app)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  app[Symbol.dispose]()
})

interface Failure {
  readonly name: string
  readonly errorType: string
  readonly errorMessage: RegExp
  readonly report: RegExp
  /** What the function segment is. */
  readonly flag: 'error' | 'fault'
}

const REPORT = String.raw`\nREPORT RequestId: [0-9a-f-]{36}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\t(Init Duration: \d+\.\d\d ms\t)?`
const reported = (status: string): RegExp => new RegExp(`${REPORT}${status}\nXRAY TraceId: `)

const FAILURES: readonly Failure[] = [
  { name: 'raises', errorType: 'ValueError', errorMessage: /^bad: ü$/, report: reported(''), flag: 'error' },
  {
    name: 'unserializable',
    errorType: 'Runtime.MarshalError',
    errorMessage: /not JSON serializable/,
    report: reported(''),
    flag: 'error',
  },
  {
    name: 'slow',
    errorType: 'Sandbox.Timedout',
    errorMessage: /^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/,
    report: reported('Status: timeout\t'),
    flag: 'fault',
  },
  {
    name: 'crash',
    errorType: 'Runtime.ExitError',
    errorMessage: /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/,
    report: reported('Status: error\tError Type: Runtime.ExitError\t'),
    flag: 'fault',
  },
  {
    name: 'killed',
    errorType: 'Runtime.ExitError',
    errorMessage: /Error: Runtime exited with error: signal: killed$/,
    report: reported('Status: error\tError Type: Runtime.ExitError\t'),
    flag: 'fault',
  },
  {
    name: 'leaves',
    errorType: 'Runtime.ExitError',
    errorMessage: /Error: Runtime exited without providing a reason$/,
    report: reported('Status: error\tError Type: Runtime.ExitError\t'),
    flag: 'fault',
  },
  {
    name: 'large',
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: /^Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.$/,
    report: reported(''),
    flag: 'error',
  },
  {
    name: 'missingmodule',
    errorType: 'Runtime.ImportModuleError',
    errorMessage: /Unable to import module 'imports': No module named 'nothing_of_that_name'/,
    report: reported('Status: error\tError Type: Runtime.ImportModuleError\t'),
    flag: 'fault',
  },
  {
    name: 'missinghandler',
    errorType: 'Runtime.HandlerNotFound',
    errorMessage: /Handler 'nowhere' missing on module 'app'/,
    report: reported('Status: error\tError Type: Runtime.HandlerNotFound\t'),
    flag: 'fault',
  },
  {
    name: 'exitsatinit',
    errorType: 'Runtime.ExitError',
    errorMessage: /Error: Runtime exited with error: exit status 7$/,
    report: reported('Status: error\tError Type: Runtime.ExitError\t'),
    flag: 'fault',
  },
]

for (const { name, errorType, errorMessage, report, flag } of FAILURES) {
  test(`${name}: boto3 gets FunctionError Unhandled and ${errorType}; the function segment has ${flag}`, async () => {
    const answer = await call(fnscope, name)
    assert.equal(answer.status, 200)
    assert.equal(answer.error, 'Unhandled')
    const body = JSON.parse(answer.text) as { readonly errorType: string; readonly errorMessage: string }
    assert.equal(body.errorType, errorType)
    assert.match(body.errorMessage, errorMessage)
    assert.match(answer.tail, report)

    const spans = await spansOf(fnscope, headerOf(answer.trace).root, 2)
    const service = spans.find(({ origin }) => origin === 'AWS::Lambda')
    const own = spans.find(({ origin }) => origin === 'AWS::Lambda::Function')
    assert.equal(service?.http?.status, 200, 'the service answered')
    assert.equal(own?.parentId, service?.id)
    assert.deepEqual({ error: own?.error, fault: own?.fault }, { error: flag === 'error', fault: flag === 'fault' })
    assert.equal(
      spans.some((span) => span.inProgress),
      false,
      'the platform closes what it opened',
    )
  })
}

test('an exception’s type, message and stack are the cause of the function segment', async () => {
  const answer = await call(fnscope, 'raises')
  const spans = await spansOf(fnscope, headerOf(answer.trace).root, 3)
  const own = spans.find(({ origin }) => origin === 'AWS::Lambda::Function')
  assert.equal(own?.exception, 'ValueError: bad: ü')
  const lines = await linesOf(fnscope, answer.requestId)
  assert.ok(lines.some(({ body, severity }) => body.startsWith('[ERROR] ValueError: bad: ü') && severity === 'ERROR'))
})

test('bytes that are no UTF-8 become replacement characters in the log and harm nothing', async () => {
  const answer = await call(fnscope, 'bytesout')
  assert.equal(answer.error, null)
  assert.equal(JSON.parse(answer.text), 'café')
  assert.match(answer.tail, /\ncaf\ufffd \ufffd\n/)
  const lines = await linesOf(fnscope, answer.requestId)
  assert.ok(lines.some(({ body }) => body === 'caf\ufffd \ufffd'))
})

test('after all of that the other functions go on', async () => {
  assert.equal((await call(fnscope, 'ok')).text, '"ok"')
})
