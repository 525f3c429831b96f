// /api/live as a browser's EventSource reads it: of what is sent to a running fnscope.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, putDocuments, segmentAt } from './xray-client.ts'

interface Event {
  readonly id?: string
  readonly event: string
  readonly data: { readonly id?: string; readonly name?: string; readonly body?: string; readonly spans?: number }
}

let fnscope: StartedFnscope
before(async () => {
  fnscope = await startFnscope()
})
after(() => fnscope[Symbol.asyncDispose]())

/** Connected once this resolves. */
async function open(query: string, headers: Readonly<Record<string, string>> = {}) {
  const gone = new AbortController()
  const response = await fetch(`${fnscope.url}/api/live${query}`, { headers, signal: gone.signal })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const events = read(response)
  return {
    next: async (): Promise<Event> => (await events.next()).value as Event,
    isEnded: async (): Promise<boolean> => (await events.next()).done === true,
    leave: () => gone.abort(),
  }
}

async function* read(response: Response): AsyncGenerator<Event> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line): [string, string] => [line.split(': ')[0]!, line.slice(line.indexOf(': ') + 2)]),
      )
      if (fields['event'] !== undefined)
        yield { ...fields, event: fields['event'], data: JSON.parse(fields['data']!) as Event['data'] }
    }
  }
}

function segment(name: string) {
  return segmentAt(epochSeconds() - 5, {
    name,
    http: { request: { method: 'GET' }, response: { status: 404 } },
    error: true,
  })
}

test('traces are told as they come, the graph once a second, and who comes back has what it missed', async () => {
  const stream = await open('')
  const [one, two, three] = [segment('주문'), segment('café'), segment('🛒')]
  await putDocuments(fnscope, [one, two])
  const told = [await stream.next(), await stream.next(), await stream.next()]
  assert.deepEqual(
    told.map(({ event, data }) => [event, data.id, data.name, data.spans]),
    [
      ['trace', one.trace_id, '주문', undefined],
      ['trace', two.trace_id, 'café', undefined],
      ['graph', undefined, undefined, 2],
    ],
  )
  assert.deepEqual(
    { ...told[0]!.data, startMs: 0 },
    {
      id: one.trace_id,
      name: '주문',
      service: '주문',
      source: 'xray',
      startMs: 0,
      durationMs: 1000,
      status: 404,
      method: 'GET',
      error: true,
      fault: false,
      throttle: false,
    },
  )
  stream.leave()
  await putDocuments(fnscope, [three])
  const again = await open('?kinds=trace', { 'last-event-id': told[1]!.id! })
  assert.equal((await again.next()).data.id, three.trace_id)
  again.leave()
})

test('log lines are told as they come, and a kind that there is none of is refused', async () => {
  const stream = await open('?kinds=log')
  const sent = await fetch(`http://${fnscope.doors['otlp-http']}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeLogs: [{ logRecords: [{ timeUnixNano: `${Date.now()}000000`, body: { stringValue: '你好 🌍' } }] }],
        },
      ],
    }),
  })
  assert.equal(sent.status, 200)
  const { event, data } = await stream.next()
  assert.deepEqual([event, data.body], ['log', '你好 🌍'])
  stream.leave()
  const refused = await fetch(`${fnscope.url}/api/live?kinds=spans`)
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /kinds wants some of trace,log,graph/)
  const head = await fetch(`${fnscope.url}/api/live`, { method: 'HEAD' })
  assert.equal(head.status, 404)
})

test('streams end when fnscope does, at once', async () => {
  const stream = await open('?kinds=trace')
  const startedMs = performance.now()
  const stopped = fnscope.stop()
  assert.equal(await stream.isEnded(), true)
  assert.equal(await stopped, 0)
  assert.ok(performance.now() - startedMs < 20_000)
})
