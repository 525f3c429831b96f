// The AWS guide's own commands for its Powertools sample: call the API, then an unmodified `sam traces`. What it prints is
// the guide's text, only ids, times and durations apart.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { ConsoleTrace } from '../../packages/fnscope/src/api/console-types.ts'
import { APPS, eventually, runClient, startFnscope, type Ran, type StartedFnscope } from '../started-fnscope.ts'

const GUIDE = [
  'New XRay Service Graph',
  'Start time: TIME',
  'End time: TIME',
  'Reference Id: 0 - (Root) AWS::Lambda - NAME - Edges: [1]',
  'Summary_statistics:',
  '- total requests: 1',
  '- ok count(2XX): 1',
  '- error count(4XX): 0',
  '- fault count(5XX): 0',
  '- total response time: SECONDS',
  'Reference Id: 1 - AWS::Lambda::Function - NAME - Edges: []',
  'Summary_statistics:',
  '- total requests: 1',
  '- ok count(2XX): 1',
  '- error count(4XX): 0',
  '- fault count(5XX): 0',
  '- total response time: SECONDS',
  'Reference Id: 2 - client - NAME - Edges: [0]',
  'Summary_statistics:',
  '- total requests: 0',
  '- ok count(2XX): 0',
  '- error count(4XX): 0',
  '- fault count(5XX): 0',
  '- total response time: 0',
  'XRay Event [revision 1] at (TIME) with id (TRACE) and duration (SECONDSs)',
  '- SECONDSs - NAME [HTTP: 200]',
  '- SECONDSs - NAME',
  '- SECONDSs - Initialization',
  '- SECONDSs - Invocation',
  '- SECONDSs - ## lambda_handler',
  '- SECONDSs - ## app.hello',
  '- SECONDSs - Overhead',
]

/** Of the trace. */
const SPANS = GUIDE.length - GUIDE.findIndex((line) => line.startsWith('XRay Event')) - 1
/** The text without what differs from run to run; graph before events, whose order on the terminal is a race. */
function masked(text: string): string[] {
  const lines = stripVTControlCharacters(text)
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00)?/g, 'TIME')
    .replaceAll(/1-[0-9a-f]{8}-[0-9a-f]{24}/g, 'TRACE')
    .replaceAll(/sam-app-HelloWorldFunction-[A-Za-z0-9]{12}/g, 'NAME')
    .replaceAll(/\d+\.\d+/g, 'SECONDS')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const event = lines.findIndex((line) => line.startsWith('XRay Event'))
  const graph = lines.findIndex((line) => line.startsWith('New XRay Service Graph'))
  return event < graph ? [...lines.slice(graph), ...lines.slice(event, graph)] : lines
}

let fnscope: StartedFnscope
let traces: Ran

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'sam-app') })
  const url = fnscope.apps[0]!.urls['HelloWorldApi']!
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '{"message":"hello world"}')
  // The answer comes before the segments of the call are stored, and the SDK sends by another way.
  const id = /Root=([^;]+)/.exec(response.headers.get('x-amzn-trace-id') ?? '')![1]!
  await eventually(async () => {
    const answer = await fetch(`${fnscope.url}/api/traces/${id}`)
    return answer.ok && ((await answer.json()) as ConsoleTrace).spanCount === SPANS ? true : undefined
  })
  traces = await runClient('sam', ['traces'], fnscope.clientEnv)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

test('sam traces prints what the AWS guide shows, only ids, times and durations apart', () => {
  assert.equal(traces.code, 0, traces.stderr)
  assert.deepEqual(masked(traces.stdout), GUIDE)
})

test('sam traces --trace-id prints the events of that trace alone', async () => {
  const id = /1-[0-9a-f]{8}-[0-9a-f]{24}/.exec(traces.stdout)![0]
  const one = await runClient('sam', ['traces', '--trace-id', id], fnscope.clientEnv)
  assert.equal(one.code, 0, one.stderr)
  const events = GUIDE.slice(GUIDE.findIndex((line) => line.startsWith('XRay Event')))
  assert.deepEqual(masked(one.stdout), [events[0]!.replace(' [revision 1]', ''), ...events.slice(1)])
})

test('sam traces --output json prints the documents with every subsegment nested', async () => {
  const json = await runClient('sam', ['traces', '--output', 'json'], fnscope.clientEnv)
  assert.equal(json.code, 0, json.stderr)
  assert.match(json.stdout, /"## lambda_handler"/)
  assert.match(json.stdout, /"## app.hello"/)
})
