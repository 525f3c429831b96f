import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { PlatformOptions } from '../../packages/fnscope/src/functions/platform-options.ts'
import { addFc, callFc } from './fc-harness.ts'
import { bodies, json, spansOf, startHarness, type Harness, type SeenSpan } from './harness.ts'

const started: Harness[] = []
function harnessWith(options: Partial<PlatformOptions>): Harness {
  const harness = startHarness(options)
  started.push(harness)
  return harness
}
after(() => Promise.all(started.map((harness) => harness.stop())))

const SLOW = {
  'app.py': `
import sys
sys.stdout.write('no newline ')
sys.stdout.flush()
import slow_outer
print('after the imports')
def handler(event, context):
    import late
    return [slow_outer.NAME, sys.flags.verbose]
`,
  'slow_outer.py': 'import time\ntime.sleep(0.03)\nimport slow_inner\nNAME = "outer"\n',
  'slow_inner.py': 'import time\ntime.sleep(0.04)\nprint("from within")\n',
  'late.py': 'import time\ntime.sleep(0.02)\n',
}

/** Name → span of the trace, and the names above it. */
function treeOf(harness: Harness, traceId: string): (path: string) => SeenSpan | undefined {
  const spans = spansOf(harness.ingest.batches).filter((span) => span.traceId === traceId)
  const byId = new Map(spans.map((span) => [span.id, span]))
  const pathOf = (span: SeenSpan): string => {
    const above = byId.get(span.parent)
    return above === undefined ? span.name : `${pathOf(above)} > ${span.name}`
  }
  const byPath = new Map(spans.map((span) => [pathOf(span), span]))
  return (end) => [...byPath].find(([path]) => path.endsWith(end))?.[1]
}

const millis = (span: SeenSpan | undefined): number => Number((span!.end - span!.start) / 1_000_000n)

for (const [style, init, run] of [
  ['new', 'Init', undefined],
  ['old', 'Initialization', 'Invocation'],
] as const)
  test(`a cold start in the ${style} style shows its phases and each slow import`, async () => {
    const harness = harnessWith({ anatomy: true })
    const spec = harness.add(SLOW, { segmentStyle: style })
    const answer = await harness.call(spec.name)
    assert.deepEqual(json(answer), ['outer', 0])
    const at = treeOf(harness, answer.traceId)
    assert.ok(at(`${init} > Sandbox`))
    assert.ok(at(`${init} > Runtime > import awslambdaric.bootstrap`) ?? at(`${init} > Runtime > import awslambdaric`))
    const outer = at(`${init} > Function > import slow_outer`)
    const inner = at(`import slow_outer > import slow_inner`)
    assert.ok(millis(outer) >= 70 && millis(inner) >= 40 && millis(inner) < millis(outer))
    assert.ok(inner!.start >= outer!.start && inner!.end <= outer!.end)
    const phases = ['Sandbox', 'Runtime', 'Function'].map((name) => at(`${init} > ${name}`)!)
    const whole = at(init)!
    assert.equal(phases[0]!.start, whole.start)
    assert.equal(phases[2]!.end, whole.end)
    for (const [one, next] of [phases.slice(0, 2), phases.slice(1, 3)]) assert.equal(one!.end, next!.start)
    assert.ok(millis(at(`${run ?? spec.name} > import late`)) >= 20)
  })

test('logs are what they are without it, to the byte', async () => {
  const lines = async (anatomy: boolean): Promise<string[]> => {
    const harness = harnessWith({ anatomy })
    const answer = await harness.call(harness.add(SLOW).name)
    return bodies(answer).filter((line) => !/RequestId|INIT_START/.test(line))
  }
  const plain = await lines(false)
  assert.deepEqual(plain, ['no newline from within', 'after the imports'])
  assert.deepEqual(await lines(true), plain)
})

test('nothing is added to the records unless it is asked for', async () => {
  const harness = harnessWith({})
  const spec = harness.add(SLOW)
  const answer = await harness.call(spec.name)
  const names = spansOf(harness.ingest.batches)
    .filter((span) => span.traceId === answer.traceId)
    .map(({ name }) => name)
  assert.deepEqual(names.toSorted(), [spec.name, spec.name, 'Initialization', 'Invocation', 'Overhead'].toSorted())
})

test('an initialization that fails shows how far it came', async () => {
  const harness = harnessWith({ anatomy: true })
  const files = { ...SLOW, 'app.py': 'import slow_outer\nimport nowhere_to_be_found\n' }
  const answer = await harness.call(harness.add(files).name)
  assert.equal(answer.functionError, 'Unhandled')
  assert.ok(millis(treeOf(harness, answer.traceId)('Initialization > Function > import slow_outer')) >= 70)
})

test("Function Compute's functions import within their first request", async () => {
  const harness = harnessWith({ anatomy: true })
  const spec = addFc(harness, { ...SLOW, 'index.py': SLOW['app.py'] })
  const answer = await callFc(harness, spec)
  const at = treeOf(harness, answer.traceId)
  assert.ok(at('ColdStart > RuntimeInitialization > Sandbox'))
  assert.ok(at('ColdStart > RuntimeInitialization > Runtime'))
  assert.ok(millis(at('Invocation > import slow_outer > import slow_inner')) >= 40)
})

// Not by Date.now: its whole milliseconds would make it shorter.
const wait = (ms: number): string => `const end = performance.now() + ${ms}; while (performance.now() < end);`
const NODE = {
  'index.js': "console.log('begins')\nrequire('./outer')\nexports.handler = async () => 'ok'\n",
  'outer.js': `${wait(30)}\nrequire('./inner')\n`,
  'inner.js': `${wait(40)}\n`,
}

for (const runtime of ['nodejs20.x', 'nodejs24.x'])
  test(`modules that ${runtime} loads are shown as they lie in one another`, async () => {
    const harness = harnessWith({ anatomy: true })
    const answer = await harness.call(harness.add(NODE, { runtime, handler: 'index.handler' }).name)
    assert.equal(json(answer), 'ok')
    assert.equal(bodies(answer).filter((line) => line.includes('import time')).length, 0)
    const at = treeOf(harness, answer.traceId)
    assert.ok(millis(at('> import ./outer > import ./inner')) >= 40)
    assert.ok(millis(at('> import ./outer')) >= 70)
    assert.ok(at('Initialization > Function'))
  })

test("modules of Function Compute's Node functions are loaded within the first request", async () => {
  const harness = harnessWith({ anatomy: true })
  const spec = addFc(harness, NODE, { spec: { runtime: 'nodejs20' } })
  const answer = await callFc(harness, spec)
  assert.equal(bodies(answer).filter((line) => /import time|begins/.test(line)).length, 1)
  const at = treeOf(harness, answer.traceId)
  assert.ok(millis(at('> import ./outer > import ./inner')) >= 40)
  assert.ok(at('RuntimeInitialization > Runtime'))
})
