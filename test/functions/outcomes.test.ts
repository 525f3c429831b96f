// Every way an invocation can end, in both styles of segments and both formats of logs, with real processes: what the
// caller gets, the system's lines, the segments and the metrics, one row of a table each.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SegmentStyle } from '../../packages/fnscope/src/functions/function-spec.ts'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import type { MetricPoint } from '../../packages/fnscope/src/span/metric-point.ts'
import { bodies, json, startHarness, spansOf, type Harness, type SeenSpan } from './harness.ts'

const harnesses: Partial<Record<SegmentStyle, Harness>> = {}
before(() => {
  for (const style of ['old', 'new'] as const) harnesses[style] = startHarness({ segmentStyle: style })
})
after(() => Promise.all(Object.values(harnesses).map((harness) => harness.stop())))

interface Row {
  readonly outcome: string
  readonly code: string
  readonly timeoutSeconds?: number
  /** errorType for the caller; undefined: it is no error. */
  readonly answer?: string
  /** Status and error type of platform.report. */
  readonly report: readonly [status: string, errorType?: string]
  /** `Status` part of the REPORT line; what a handler raised and the client posted has none. */
  readonly line?: string
  /** What the text log says of it before END. */
  readonly said?: RegExp
  /** Phases of failed and successful inits: `init:error`. */
  readonly inits: readonly string[]
  readonly flag?: 'error' | 'fault'
  /** The runtime answered: there is an Overhead. */
  readonly answered: boolean
}

const ROWS: readonly Row[] = [
  {
    outcome: 'ok',
    code: 'def handler(e, c):\n    return 1\n',
    report: ['success'],
    inits: ['init:success'],
    answered: true,
  },
  {
    outcome: 'handler error',
    code: 'def handler(e, c):\n    raise ValueError("bad")\n',
    answer: 'ValueError',
    report: ['error', 'Runtime.Unknown'],
    inits: ['init:success'],
    flag: 'error',
    answered: true,
  },
  {
    outcome: 'init error',
    code: 'import nothing_of_that_name\n',
    answer: 'Runtime.ImportModuleError',
    report: ['error', 'Runtime.ImportModuleError'],
    line: 'Status: error\tError Type: Runtime.ImportModuleError',
    inits: ['init:error', 'invoke:error'],
    flag: 'fault',
    answered: false,
  },
  {
    outcome: 'exit at init',
    code: 'import os\nos._exit(9)\n',
    answer: 'Runtime.ExitError',
    report: ['failure', 'Runtime.ExitError'],
    line: 'Status: error\tError Type: Runtime.ExitError',
    said: /Error: Runtime exited with error: exit status 9\nRuntime\.ExitError\n/,
    inits: ['init:failure', 'invoke:failure'],
    flag: 'fault',
    answered: false,
  },
  {
    outcome: 'timeout',
    code: 'def handler(e, c):\n    while True: pass\n',
    timeoutSeconds: 0.4,
    answer: 'Sandbox.Timedout',
    report: ['timeout'],
    line: 'Status: timeout',
    said: /Z [0-9a-f-]{36} Task timed out after 0\.40 seconds\n\n/,
    inits: ['init:success'],
    flag: 'fault',
    answered: false,
  },
  {
    outcome: 'exit',
    code: 'import os\ndef handler(e, c):\n    os._exit(1)\n',
    answer: 'Runtime.ExitError',
    report: ['failure', 'Runtime.ExitError'],
    line: 'Status: error\tError Type: Runtime.ExitError',
    said: /Error: Runtime exited with error: exit status 1\nRuntime\.ExitError\n/,
    inits: ['init:success'],
    flag: 'fault',
    answered: false,
  },
  {
    outcome: 'killed',
    code: 'import os, signal\ndef handler(e, c):\n    os.kill(os.getpid(), signal.SIGKILL)\n',
    answer: 'Runtime.ExitError',
    report: ['failure', 'Runtime.ExitError'],
    line: 'Status: error\tError Type: Runtime.ExitError',
    said: /Error: Runtime exited with error: signal: killed\nRuntime\.ExitError\n/,
    inits: ['init:success'],
    flag: 'fault',
    answered: false,
  },
  {
    outcome: 'ended without a reason',
    code: 'import os\ndef handler(e, c):\n    os._exit(0)\n',
    answer: 'Runtime.ExitError',
    report: ['failure', 'Runtime.ExitError'],
    line: 'Status: error\tError Type: Runtime.ExitError',
    said: /Error: Runtime exited without providing a reason\nRuntime\.ExitError\n/,
    inits: ['init:success'],
    flag: 'fault',
    answered: false,
  },
  {
    outcome: 'too large a result',
    code: 'def handler(e, c):\n    return "x" * 6300000\n',
    answer: 'Function.ResponseSizeTooLarge',
    report: ['error', 'Function.ResponseSizeTooLarge'],
    inits: ['init:success'],
    flag: 'error',
    answered: true,
  },
]

interface Seen {
  readonly answer: InvokeAnswer
  readonly spans: readonly SeenSpan[]
  readonly metrics: ReadonlyMap<string, MetricPoint>
}

async function run(row: Row, style: SegmentStyle, logFormat: 'Text' | 'JSON'): Promise<Seen> {
  const harness = harnesses[style]!
  const { code, timeoutSeconds = 10 } = row
  const spec = harness.add({ 'app.py': code }, { timeoutSeconds, logFormat, systemLogLevel: 'DEBUG' })
  const answer = await harness.call(spec.name)
  const batches = harness.ingest.batches
  const points = batches.flatMap(({ metrics }) => metrics).filter(({ requestId }) => requestId === answer.requestId)
  return {
    answer,
    spans: spansOf(batches).filter(({ traceId }) => traceId === answer.traceId),
    metrics: new Map(points.map((point) => [point.name, point])),
  }
}

function checkText({ outcome, line, said, inits }: Row, { answer }: Seen): void {
  const lines = bodies(answer)
  const reports = lines.filter((text) => text.startsWith('INIT_REPORT'))
  const failed = inits.filter((init) => init !== 'init:success')
  assert.equal(reports.length, failed.length, outcome)
  for (const [i, init] of failed.entries()) {
    const [phase, status] = init.split(':')
    assert.match(reports[i]!, new RegExp(`\\tPhase: ${phase}\\tStatus: ${status === 'failure' ? 'error' : status}`))
  }
  assert.match(lines[0]!, /^INIT_START Runtime Version: python:3\.11\.\d+\tRuntime Version ARN: arn:aws:lambda:/)
  const { requestId } = answer
  assert.ok(lines.includes(`START RequestId: ${requestId} Version: $LATEST`))
  assert.equal(lines.at(-2), `END RequestId: ${requestId}`)
  const shape =
    /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\t(Init Duration: [\d.]+ ms\t)?(?:(Status: .*)\t)?\nXRAY TraceId: \S+\tSegmentId: [0-9a-f]{16}\tSampled: true\t$/
  const [, init, status] = shape.exec(lines.at(-1)!) ?? assert.fail(lines.at(-1))
  assert.equal(init !== undefined, inits.includes('init:success'))
  assert.equal(status, line)
  if (said) assert.match(answer.logTail, said)
}

function checkJson({ report, inits }: Row, { answer, spans }: Seen): void {
  const events = bodies(answer).flatMap((text) => {
    if (!text.startsWith('{"time":')) return []
    return [JSON.parse(text) as { readonly type: string; readonly record: Record<string, unknown> }]
  })
  const perInit = ['platform.initStart', 'platform.initRuntimeDone', 'platform.initReport']
  assert.deepEqual(
    events.map(({ type }) => type),
    [...inits.flatMap(() => perInit), 'platform.start', 'platform.runtimeDone', 'platform.report'],
  )
  const of = (type: string): Record<string, unknown>[] =>
    events.filter((event) => event.type === type).map(({ record }) => record)
  assert.deepEqual(
    of('platform.initReport').map(({ phase, status }) => `${String(phase)}:${String(status)}`),
    inits,
  )
  for (const type of ['platform.runtimeDone', 'platform.report']) {
    const [record] = of(type)
    assert.deepEqual([record!['status'], record!['errorType']], [report[0], report[1]])
    const { spanId } = record!['tracing'] as { readonly spanId: string }
    assert.equal(spanId, spans.find(({ origin }) => origin === 'AWS::Lambda::Function')!.id)
  }
}

function checkSpans({ outcome, inits, flag, answered }: Row, style: SegmentStyle, { spans, answer }: Seen): void {
  const service = spans.filter(({ origin }) => origin === 'AWS::Lambda')
  const [func, ...more] = spans.filter(({ origin }) => origin === 'AWS::Lambda::Function')
  assert.deepEqual([service.length, more.length, func!.parent], [1, 0, service[0]!.id], outcome)
  assert.deepEqual([service[0]!.status, service[0]!.error, service[0]!.fault], [200, false, false])
  assert.deepEqual([func!.error, func!.fault], [flag === 'error', flag === 'fault'])
  const ran = inits.every((init) => init.startsWith('init:') || init.endsWith(':success'))
  const names = [
    ...inits.map(() => (style === 'old' ? 'Initialization' : 'Init')),
    ...(style === 'old' && ran ? ['Invocation'] : []),
    ...(answered ? ['Overhead'] : []),
  ]
  const parts = spans.filter(({ parent }) => parent === func!.id)
  assert.deepEqual(
    parts.map(({ name }) => name),
    names,
  )
  const invocation = parts.find(({ name }) => name === 'Invocation')
  if (invocation) assert.deepEqual([invocation.error, invocation.fault], [func!.error, func!.fault])
  assert.ok(answer.sampled)
}

function checkMetrics({ answer: errorType, inits }: Row, { metrics }: Seen): void {
  const value = (name: string): number | undefined => metrics.get(name)?.value
  assert.deepEqual([value('Invocations'), value('Errors'), value('Throttles')], [1, errorType === undefined ? 0 : 1, 0])
  assert.ok(value('Duration')! > 0 && value('MaxMemoryUsed')! > 0 && value('ConcurrentExecutions')! > 0)
  assert.ok(value('BilledDuration')! >= Math.floor(value('Duration')!))
  assert.equal(value('InitDuration') !== undefined, inits.includes('init:success'))
}

for (const row of ROWS) {
  test(`${row.outcome}: answer, lines, segments and metrics in both styles and both formats`, async () => {
    const variants = (['old', 'new'] as const).flatMap((style) =>
      (['Text', 'JSON'] as const).map(async (format) => ({ style, format, seen: await run(row, style, format) })),
    )
    for (const { style, format, seen } of await Promise.all(variants)) {
      assert.equal(seen.answer.functionError, row.answer === undefined ? undefined : 'Unhandled')
      const said = json(seen.answer) as { readonly errorType?: string }
      assert.equal(said.errorType, row.answer)
      if (format === 'Text') checkText(row, seen)
      else checkJson(row, seen)
      checkSpans(row, style, seen)
      checkMetrics(row, seen)
    }
  })
}
