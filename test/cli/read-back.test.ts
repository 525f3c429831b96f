// `fnscope traces`, `logs` and `functions` against a running fnscope.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConsoleLogLine, ConsoleTrace, ConsoleTraceRow } from '../../packages/fnscope/src/api/console-types.ts'
import {
  APPS,
  BIN,
  eventually,
  eventuallyHolds,
  runFnscope,
  startFnscope,
  type StartedFnscope,
} from '../started-fnscope.ts'

interface Invoked {
  readonly requestId: string
  readonly traceId: string
}

let fnscope: StartedFnscope
let env: NodeJS.ProcessEnv
let first: Invoked
let second: Invoked

async function invoke(event: string): Promise<Invoked> {
  return JSON.parse((await runFnscope(['invoke', 'Greeter', '-e', '-', '--json'], env, event)).stdout) as Invoked
}

function jsonLines<Line>(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'parameters'), args: ['--parameter', 'Greeting=hello'] })
  env = { FNSCOPE_URL: fnscope.url }
  first = await invoke('{"word": "alpha"}')
  second = await invoke('{"word": "beta", "fail": true}')
  await eventually(async () => {
    const traces = jsonLines<ConsoleTraceRow>((await runFnscope(['traces', '--json'], env)).stdout)
    const logs = jsonLines<ConsoleLogLine>((await runFnscope(['logs', '--json'], env)).stdout)
    const reports = logs.filter(({ body }) => body.startsWith('REPORT '))
    return traces.length === 2 && traces.some(({ error }) => error) && reports.length === 2 ? true : undefined
  })
  await eventuallyHolds(async () => {
    const [figures] = jsonLines<Record<string, unknown>>((await runFnscope(['metrics', '--json'], env)).stdout)
    assert.deepEqual([figures?.['invocations'], figures?.['errors']], [2, 1])
  })
})
after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('traces lists the newest first, and --limit cuts', async () => {
  const list = jsonLines<ConsoleTraceRow>((await runFnscope(['traces', '--json'], env)).stdout)
  assert.deepEqual(
    list.map(({ id, error }) => [id, error]),
    [
      [second.traceId, true],
      [first.traceId, false],
    ],
  )
  const lines = (await runFnscope(['traces', '--limit', '1'], env)).stdout.trimEnd().split('\n')
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, new RegExp(`^\\d{4}-\\S+Z {2}${second.traceId} .* {2}error$`))
})

test('--since looks so far back and no further, and says when there is nothing', async () => {
  const none = await runFnscope(['traces', '--since', '1ms'], env)
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /^No traces in the last 1ms\./)
  assert.equal((await runFnscope(['traces', '--since', 'long'], env)).code, 2)
  assert.equal((await runFnscope(['traces', '--limit', '0'], env)).code, 2)
})

test('--id draws one trace, in any spelling of its id; --json gives its spans', async () => {
  const drawn = await runFnscope(['traces', '--id', second.traceId], env)
  assert.match(drawn.stdout, new RegExp(`^Trace ${second.traceId} `))
  assert.match(drawn.stdout, /\n.*└─ \S+ \(AWS::Lambda::Function\) {2}✗ error {2}ValueError: asked to fail\n/)
  assert.ok(!drawn.stdout.includes('\x1b'))
  const hex = second.traceId.slice(2).replace('-', '')
  assert.equal((await runFnscope(['traces', '--id', hex], env)).stdout, drawn.stdout)
  const trace = JSON.parse((await runFnscope(['traces', '--id', hex, '--json'], env)).stdout) as ConsoleTrace
  assert.equal(trace.id, second.traceId)
})

test('a trace that is not there is a failure, an id that is none and a filter that is wrong are bad usage', async () => {
  const unknown = await runFnscope(['traces', '--id', `1-63dd2166-${'a'.repeat(24)}`], env)
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /^error There is no trace 1-63dd2166-a+ here\. .*\(FNS_TRACE_NOT_FOUND\)\n$/)
  const bad = await runFnscope(['traces', '--id', 'xyz'], env)
  assert.deepEqual([bad.code, /"xyz" is no trace id/.test(bad.stderr)], [2, true])
  const filter = await runFnscope(['traces', 'service("a'], env)
  assert.equal(filter.code, 2)
  assert.match(filter.stderr, /at character 9 \("a\): the text that begins here has no closing double quote/)
})

test('a filter expression narrows the list', async () => {
  const idsOf = async (filter: string): Promise<string[]> =>
    jsonLines<ConsoleTraceRow>((await runFnscope(['traces', filter, '--json'], env)).stdout).map(({ id }) => id)
  assert.deepEqual(await idsOf('service(id(type: "AWS::Lambda::Function")) { fault OR error }'), [second.traceId])
  assert.deepEqual(await idsOf('duration >= 0 AND !service() { fault OR error }'), [first.traceId])
  const none = await runFnscope(['traces', 'duration > 9999'], env)
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /^No traces in the last 1h meet the filter\./)
})

test('logs narrow by function, request, trace and words', async () => {
  const bodies = async (...args: string[]): Promise<string[]> =>
    jsonLines<ConsoleLogLine>((await runFnscope(['logs', '--json', ...args], env)).stdout).map(({ body }) => body)
  const all = await bodies('Greeter')
  assert.equal(all.filter((body) => body.startsWith('START ')).length, 2)
  assert.deepEqual(await bodies(), all)
  const ofRequest = await bodies('--request', first.requestId)
  assert.ok(ofRequest.includes("greeting {'word': 'alpha'}"))
  assert.ok(ofRequest.every((body) => !body.includes('beta')))
  assert.ok((await bodies('--trace', second.traceId)).some((body) => body.includes('asked to fail')))
  assert.deepEqual(await bodies('--filter', 'GREETING alpha'), ["greeting {'word': 'alpha'}"])
  assert.deepEqual(await bodies('--filter-pattern', '"greeting {" -beta'), ["greeting {'word': 'alpha'}"])
  assert.deepEqual(
    await bodies('--filter-pattern', '%^START .*Version%', '--limit', '1'),
    all.filter((body) => body.startsWith('START ')).slice(-1),
  )
  const none = await runFnscope(['logs', 'Greeter', '--filter-pattern', '{ $.word = "alpha" }'], env)
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /^No log lines in the last 1h/)
  const wrong = await runFnscope(['logs', '--filter-pattern', '{ $.a ='], env)
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /cannot be used, at character 8/)
  assert.deepEqual(await bodies('nobody'), [])
  const text = await runFnscope(['logs', '--limit', '1'], env)
  assert.match(text.stdout, /^\d{4}-\S+Z parameters-Greeter-\S+ REPORT .*\nXRAY .*\n$/)
})

test('logs --follow prints each new line once, in order, and ends at Ctrl-C', async () => {
  const child = spawn(process.execPath, [BIN, 'logs', 'Greeter', '--follow', '--json', '--since', '1ms'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const exited = once(child, 'exit')
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  // It follows once it shows anything.
  await eventually(async () => {
    await invoke('{"call": "first"}')
    return stdout.includes("'call'") || undefined
  })
  const wanted: string[] = []
  for (let turn = 0; turn < 6; turn++) {
    await invoke(`{"turn": ${turn}}`)
    wanted.push(`greeting {'turn': ${turn}}`)
    // some arrive one by one, some together
    if (turn % 3 === 0) await eventually(async () => stdout.includes(wanted.at(-1)!) || undefined)
  }
  await eventually(async () => stdout.includes(wanted.at(-1)!) || undefined)
  child.kill('SIGINT')
  const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null]
  assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`)
  const seen = jsonLines<ConsoleLogLine>(stdout).map(({ body }) => body)
  assert.deepEqual(
    seen.filter((body) => /turn/.test(body)),
    wanted,
  )
})

test('a reader that goes away ends a list without an error', async () => {
  const child = spawn('sh', ['-c', `'${process.execPath}' '${BIN}' logs --follow; echo "ended $?" >&2`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await invoke('{}')
  await closed
  assert.equal(stderr, 'ended 0\n')
})

test('logs --group and --stream show what is in them alone', async () => {
  const group = `/aws/lambda/${jsonLines<{ readonly name: string }>((await runFnscope(['functions', '--json'], env)).stdout)[0]!.name}`
  const lines = jsonLines<ConsoleLogLine>((await runFnscope(['logs', '--group', group, '--json'], env)).stdout)
  assert.ok(lines.length > 0 && lines.every(({ logGroup }) => logGroup === group))
  const stream = lines[0]!.logStream
  const streamed = jsonLines<ConsoleLogLine>((await runFnscope(['logs', '--stream', stream, '--json'], env)).stdout)
  assert.ok(streamed.length > 0 && streamed.every(({ logStream }) => logStream === stream))
  assert.match((await runFnscope(['logs', '--group', '/none'], env)).stderr, /No log lines/)
})

test('metrics says what each function did, and answers PromQL', async () => {
  const read = async (...args: string[]): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    jsonLines<Record<string, unknown>>((await runFnscope(['metrics', ...args, '--json'], env)).stdout)
  const [figures] = await read('Greeter')
  assert.match(String(figures!['function']), /^parameters-Greeter-/)
  assert.ok(Number(figures!['invocations']) >= 2)
  assert.equal(figures!['errors'], 1)
  assert.equal(figures!['throttles'], 0)
  assert.equal((await read()).length, 1)
  assert.match(
    (await runFnscope(['metrics'], env)).stdout,
    /^parameters-Greeter-\w+\n {2}\d+ invocations {2}1 error {2}0 throttles {2}average /,
  )
  const nobody = /\nNo function Nobody is deployed here\. There is Greeter\.\n/
  assert.match((await runFnscope(['metrics', 'Nobody'], env)).stderr, /^No figures of Nobody/)
  for (const command of ['metrics', 'logs', 'cold'])
    assert.match((await runFnscope([command, 'Nobody'], env)).stderr, nobody, command)
  const [sample] = await read('--query', 'sum(sum_over_time(aws_lambda_errors_sum[1h]))')
  assert.deepEqual((sample!['value'] as readonly unknown[])[1], '1')
  assert.equal((await runFnscope(['metrics', '--query', '1 + 1'], env)).stdout, '2\n')
  assert.equal((await runFnscope(['metrics', '--query', '"é\\n한국"'], env)).stdout, 'é␊한국\n')
  assert.deepEqual(
    (await read('--query', '"x"')).map(({ value }) => (value as readonly unknown[])[1]),
    ['x'],
  )
  const [range] = await read('--query', 'aws_lambda_errors_sum{function_name=~".+"}[1h]')
  assert.ok((range!['values'] as readonly unknown[]).length > 0)
  const wrong = await runFnscope(['metrics', '--query', 'limitk(1, x)'], env)
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.stderr, /limitk is not supported/)
})

test('functions shows what is deployed', async () => {
  const text = await runFnscope(['functions'], env)
  assert.match(
    text.stdout,
    /^Greeter {2}parameters-Greeter-\w{12}\n {2}python3\.11 {2}app\.handler {2}128 MB {2}3 s {2}tracing Active\n$/,
  )
  const [line] = jsonLines<Record<string, unknown>>((await runFnscope(['functions', '--json'], env)).stdout)
  assert.equal(line!['logicalId'], 'Greeter')
})
