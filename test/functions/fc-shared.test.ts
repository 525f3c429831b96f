// Instances of Function Compute that serve several requests at once, as instanceConcurrency has it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, test } from 'node:test'
import { addFc, callFc, httpRequest, textOf } from './fc-harness.ts'
import { bodies, spansOf, startHarness, until } from './harness.ts'
import type { FunctionSpec } from '../../packages/fnscope/src/functions/function-spec.ts'

const harness = startHarness()
after(() => harness.stop())

// A request is answered when as many as it names have come, or when it is told to do something else.
const MEET = `
// Every process of a namespace has the same number there: it goes by a name.
const name = (process.title = require('node:crypto').randomUUID())
let waiting = []
exports.meet = (text) => new Promise((resolve, reject) => {
  if (text === 'exit') return setTimeout(() => process.exit(7), 10)
  if (text === 'hang') return
  if (text === 'fail') return reject(new Error('as told'))
  waiting.push(resolve)
  if (waiting.length >= Number(text)) for (const resolve of waiting.splice(0)) resolve(name)
})
`
const HANDLER = `
const { meet } = require('./meet')
let initialized = 0
exports.initialize = async () => { initialized += 1; await new Promise((resolve) => setTimeout(resolve, 50)) }
exports.handler = async (event, context) => {
  console.log('begins')
  const name = await meet(String(event))
  context.logger.info('ends')
  return { name, initialized, id: context.requestId, limit: process.env.FC_CONCURRENT_LIMIT }
}
`
const SERVER = `
const { meet } = require('./meet')
require('node:http').createServer((req, res) => {
  const id = req.headers['x-fc-request-id']
  let body = ''
  req.on('data', (chunk) => (body += chunk))
  req.on('end', async () => {
    console.log(id, 'asked')
    try {
      res.end(JSON.stringify({ name: await meet(body), id }))
    } catch (error) {
      res.writeHead(500).end(JSON.stringify({ errorMessage: error.message }))
    }
  })
}).listen(process.env.FC_SERVER_PORT)
`

function node(more: { readonly timeoutSeconds?: number; readonly instanceConcurrency?: number } = {}): FunctionSpec {
  const { timeoutSeconds = 20, instanceConcurrency = 3 } = more
  const initializer = { handler: 'index.initialize', timeoutSeconds: 20 }
  const spec = { runtime: 'nodejs20', timeoutSeconds }
  return addFc(harness, { 'index.js': HANDLER, 'meet.js': MEET }, { spec, fc: { instanceConcurrency, initializer } })
}

function custom(): FunctionSpec {
  const fc = { instanceConcurrency: 3, custom: { command: [process.execPath, 'server.js'], port: 9000 } }
  const spec = { runtime: 'custom.debian10', timeoutSeconds: 20 }
  return addFc(harness, { 'server.js': SERVER, 'meet.js': MEET }, { spec, fc })
}

const together = async (spec: FunctionSpec, texts: readonly string[]): Promise<string[]> =>
  (await Promise.all(texts.map((text) => callFc(harness, spec, text)))).map(textOf)

for (const [what, make] of [
  ['a Node function', node],
  ['a custom runtime', custom],
] as const)
  test(`three requests at once meet in one instance of ${what}, one after them finds it again`, async () => {
    const spec = make()
    const answers = await together(spec, ['3', '3', '3'])
    const names = answers.map((text) => JSON.parse(text).name as string)
    assert.equal(new Set(names).size, 1)
    assert.equal(new Set(answers.map((text) => JSON.parse(text).id as string)).size, 3)
    assert.deepEqual(JSON.parse((await together(spec, ['1']))[0]!).name, names[0])
    assert.equal(harness.platform.environmentCount(spec.name), 1)
  })

test('the initializer runs once for all, and only the request that started the instance has its cold start', async () => {
  const spec = node()
  const before = harness.ingest.batches.length
  const answers = await together(spec, ['3', '3', '3'])
  for (const text of answers) assert.equal(JSON.parse(text).initialized, 1)
  assert.equal(JSON.parse(answers[0]!).limit, '3')
  const spans = spansOf(harness.ingest.batches.slice(before))
  const count = (name: string): number => spans.filter((span) => span.name === name).length
  assert.deepEqual(['InvokeFunction', 'Invocation', 'ColdStart', 'Initializer'].map(count), [3, 3, 1, 1])
  assert.equal(spans.filter(({ name, cold }) => name === 'InvokeFunction' && cold).length, 1)
})

test('one more than an instance takes has another', async () => {
  const spec = node({ instanceConcurrency: 2 })
  const names = (await together(spec, ['2', '2', '2', '2'])).map((text) => JSON.parse(text).name as string)
  assert.deepEqual(
    [...Map.groupBy(names, (name) => name).values()].map(({ length }) => length),
    [2, 2],
  )
})

test('lines that name their request are its own, whoever runs beside it', async () => {
  for (const spec of [node(), custom()]) {
    const answers = await Promise.all(['2', '2'].map((text) => callFc(harness, spec, text)))
    for (const answer of answers) {
      const own = bodies(answer).filter((line) => /begins|ends|asked/.test(line))
      assert.ok(own.length > 0)
      for (const line of own) assert.ok(line.includes(answer.requestId), `${answer.requestId}: ${line}`)
    }
  }
})

test('an error is of its request alone, the end of the process of all, and the next request has another process', async () => {
  for (const spec of [node(), custom()]) {
    const [failed, ...met] = await Promise.all(['fail', '2', '2'].map((text) => callFc(harness, spec, text)))
    assert.equal(JSON.parse(textOf(failed!)).errorMessage, 'as told')
    assert.equal(failed!.functionError, 'Unhandled')
    for (const each of met) assert.equal(each.functionError, undefined)
    const waiting = callFc(harness, spec, '2')
    for (const each of await Promise.all([waiting, callFc(harness, spec, 'exit')]))
      assert.match(JSON.parse(textOf(each)).errorMessage, /^Process exited unexpectedly .*exit status 7\)$/)
    const [again] = await together(spec, ['1'])
    assert.notEqual(JSON.parse(again!).name, JSON.parse(textOf(met[0]!)).name)
  }
})

test('a request that takes too long is told so, those beside it end as they would, and then its instance goes', async () => {
  const spec = node({ timeoutSeconds: 4 })
  const late = callFc(harness, spec, 'hang')
  const beside = await together(spec, ['2', '2'])
  const { name } = JSON.parse(beside[0]!) as { readonly name: string }
  assert.match(JSON.parse(textOf(await late)).errorMessage, /^Function timed out after 4 seconds/)
  await until(() => !alive(name))
  const [next] = await together(spec, ['1'])
  assert.notEqual(JSON.parse(next!).name, name)
})

test('HTTP requests at once are each answered with what is theirs', async () => {
  const spec = custom()
  const ask = async (body: string): Promise<unknown> => {
    const answer = await callFc(harness, spec, body, { fc: httpRequest('/x', { method: 'POST' }) })
    assert.equal(answer.fc?.http?.status, 200)
    return JSON.parse(textOf(answer)).id === answer.requestId
  }
  assert.deepEqual(await Promise.all(['3', '3', '3'].map(ask)), [true, true, true])
})

function alive(name: string): boolean {
  return execFileSync('ps', ['-axww', '-o', 'args='], { encoding: 'utf8' }).includes(name)
}
