// The door over real sockets, with datagrams captured from the SDKs.
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { pino } from 'pino'

import { decodeOtlpMetrics } from '../codec/otlp-metrics.ts'
import { decodeOtlpTraces } from '../codec/otlp-traces.ts'
import { decodeDocumentBytes } from '../codec/xray.ts'
import { Counters } from '../counters.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import { silentLogger } from '../log.ts'
import type { Batch, RawDocument } from '../span/batch.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { readSpans } from '../span/read-span.ts'
import type { Span } from '../span/span.ts'
import { openXrayDaemon, type XrayDaemonOptions } from './xray-daemon.ts'

const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures/xray')
// The captures are as old as they are: every time is in bounds.
const bounds = { minNanos: 0n, maxNanos: 2n ** 62n }

/** Every captured datagram, in the order it left its SDK. */
function capturedDatagrams(): string[] {
  return readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(FIXTURES, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { proto: string; datagram?: string })
    .filter((line) => line.proto === 'udp')
    .map((line) => line.datagram!)
}

/** A door whose ingest keeps the batches, and a socket to send to it. */
async function openDoor(t: TestContext, options: Partial<XrayDaemonOptions> = {}) {
  const counters = new Counters()
  const batches: { documents: readonly RawDocument[]; spans: readonly Span[]; metrics: readonly MetricPoint[] }[] = []
  const door = await openXrayDaemon({
    host: '127.0.0.1',
    port: 0,
    explicit: true,
    decoder: () => (body, batch) => decodeDocumentBytes(body, batch, { receivedNanos: 1n, bounds }),
    decodeOtlp: (word, request, { spans, metrics }) => {
      const context = { receivedNanos: 1n, bounds }
      if (word === 'M1') return decodeOtlpMetrics(request, metrics, context)
      return decodeOtlpTraces(request, spans, { ...context, sampled: word === 'T1S' })
    },
    ingest: { accept: async (batch) => void batches.push(kept(batch)) },
    counters,
    log: silentLogger,
    ...options,
  })
  const client = createSocket('udp4')
  t.after(() => {
    client.close()
    return door.stop()
  })
  return { door, client, counters, batches, port: door.port }
}

function kept({ documents, spans, metrics }: Batch): {
  documents: RawDocument[]
  spans: Span[]
  metrics: MetricPoint[]
} {
  spans.checkRows()
  return { documents: documents.read(), spans: readSpans(spans), metrics }
}

/** The kernel takes it at once: the door gets a turn of the event loop, so that its buffer never overflows here. */
function send(client: Socket, port: number, datagram: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.send(datagram, port, '127.0.0.1', (error) => (error === null ? setImmediate(resolve) : reject(error)))
  })
}

/** Waits until so many datagrams were counted, as received or dropped. */
async function counted(counters: Counters, wanted: number): Promise<Record<string, number>> {
  for (const deadline = performance.now() + 5000; ;) {
    const received = (await counters.received.get()).values
    const dropped = (await counters.dropped.get()).values
    const all = [
      ...received.map((value) => ['received', value.value] as const),
      ...dropped.map((value) => [String(value.labels['reason']), value.value] as const),
    ]
    const total = all.reduce((sum, [, count]) => sum + count, 0)
    if (total >= wanted) return Object.fromEntries(all)
    if (performance.now() > deadline) assert.fail(`${total} of ${wanted} datagrams counted`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const HEADER = '{"format":"json","version":1}'
const DOCUMENT =
  '{"name":"a","id":"70de5b6f19ff9a0a","trace_id":"1-581cf771-a006649127e371903a2de979","start_time":1,"end_time":2}'

test('every datagram that the SDKs were seen to send becomes a document, text unchanged', async (t) => {
  const { client, counters, batches, port } = await openDoor(t)
  const datagrams = capturedDatagrams()
  assert.ok(datagrams.length > 400)
  for (const datagram of datagrams) await send(client, port, datagram)
  assert.deepEqual(await counted(counters, datagrams.length), { received: datagrams.length })
  assert.deepEqual(
    batches.flatMap((batch) => batch.documents.map((document) => document.text)),
    datagrams.map((datagram) => datagram.slice(datagram.indexOf('\n') + 1)),
  )
  assert.ok(batches.length < datagrams.length / 4, `${batches.length} batches`)
})

test('headers with blanks, in any order and case are taken, and only the first newline splits', async (t) => {
  const { client, counters, batches, port } = await openDoor(t)
  const pretty = DOCUMENT.replaceAll(',', ',\n  ')
  const headers = [
    '{"format": "json", "version": 1}',
    '{"version":1,"format":"JSON"}',
    ' {"format":"Json","version":1}\r',
  ]
  for (const header of headers) await send(client, port, `${header}\n${pretty}`)
  assert.deepEqual(await counted(counters, headers.length), { received: headers.length })
  assert.ok(batches.every((batch) => batch.documents.every((document) => document.text === pretty)))
})

test('each kind of junk is counted under its own reason and the documents beside it are kept', async (t) => {
  const { client, counters, port } = await openDoor(t)
  const junk: Record<string, (string | Buffer)[]> = {
    no_newline: ['', 'hello', HEADER, 'M1CgA='],
    bad_header: [
      `${HEADER.replace('1', '2')}\n${DOCUMENT}`,
      `{"format":"xml","version":1}\n${DOCUMENT}`,
      `\n${DOCUMENT}`,
      `null\n${DOCUMENT}`,
      `${DOCUMENT}\n${DOCUMENT}`,
      Buffer.from([255, 10, 0]),
    ],
    empty_body: [`${HEADER}\n`, `${HEADER}\n \n`],
    parse_error: [`${HEADER}\n{"id":`, Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.alloc(20_000, 255)])],
    missing_id: [`${HEADER}\n{"name":"a"}`],
    invalid_trace_id: [`${HEADER}\n${DOCUMENT.replace('1-581', '2-581')}`],
    bad_base64: ['T1S', 'T1S!', 'T1U=CgA', 'M1{}'].map((body) => `${HEADER}\n${body}`),
    malformed: ['T1S', 'T1U', 'M1'].map((word) => `${HEADER}\n${word}${Buffer.from('no OTLP').toString('base64')}`),
  }
  const expected: Record<string, number> = { received: 1 }
  for (const [reason, datagrams] of Object.entries(junk)) {
    expected[reason] = datagrams.length
    for (const datagram of datagrams) await send(client, port, datagram)
  }
  await send(client, port, `${HEADER}\n${DOCUMENT}`)
  const total = Object.values(expected).reduce((sum, count) => sum + count)
  assert.deepEqual(await counted(counters, total), expected)
})

const OTEL = join(FIXTURES, '../otel')
const ADOT = readFileSync(join(OTEL, 'adot-python-lambda-udp2000.bin'))

test('OTLP of a function comes in place of a document, and stands beside documents', async (t) => {
  const { client, counters, batches, port } = await openDoor(t)
  await send(client, port, ADOT)
  await send(client, port, `${HEADER}\n${DOCUMENT}`)
  await counted(counters, 3)
  const spans = batches.flatMap((batch) => batch.spans).filter((span) => span.source === 'otlp')
  assert.deepEqual(
    spans.map(({ name, unsampled, rootRank, requestId }) => ({ name, unsampled, listed: rootRank < 255, requestId })),
    [
      { name: 'work', unsampled: undefined, listed: false, requestId: undefined },
      { name: 'orders-fn', unsampled: undefined, listed: true, requestId: spans[1]!.attributes['faas.invocation_id'] },
    ],
  )
  const received = (await counters.received.get()).values
  assert.deepEqual(Object.fromEntries(received.map(({ labels, value }) => [labels['signal'], value])), {
    span: 2,
    document: 1,
  })
})

test('spans that were not sampled are marked so, and stand in no list', async (t) => {
  const { client, counters, batches, port } = await openDoor(t)
  await send(client, port, Buffer.from(ADOT.toString('latin1').replace('T1S', 'T1U'), 'latin1'))
  await counted(counters, 2)
  const spans = batches.flatMap((batch) => batch.spans)
  assert.deepEqual(
    spans.map(({ unsampled, rootRank, segment }) => [unsampled, rootRank, segment]),
    [
      [true, 255, false],
      [true, 255, true],
    ],
  )
})

test('metrics in a datagram are metric points', async (t) => {
  const { client, counters, batches, port } = await openDoor(t)
  const request = readFileSync(join(OTEL, 'python-http-metrics.pb')).toString('base64')
  await send(client, port, `${HEADER}\nM1${request}\n`)
  assert.deepEqual(await counted(counters, 5), { received: 5 })
  assert.deepEqual(
    batches.flatMap((batch) => batch.metrics.map((point) => point.name)),
    ['orders', 'orders', 'latency', 'inflight', 'temp'],
  )
})

test('a document of the largest datagram comes whole', async (t) => {
  const { client, counters, batches, port } = await openDoor(t)
  const room = 65_507 - HEADER.length - 1 - DOCUMENT.length - '"user":"",'.length
  const text = DOCUMENT.replace('{', `{"user":"${'x'.repeat(room)}",`)
  await send(client, port, `${HEADER}\n${text}`)
  assert.deepEqual(await counted(counters, 1), { received: 1 })
  assert.equal(batches[0]?.documents[0]?.text, text)
})

test('when ingest is full documents are dropped, counted and named in one log line, and the next are taken', async (t) => {
  const lines: { reason?: string; count?: number; ids?: string[] }[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line) as object) })
  let full = true
  const accept = async () => {
    if (full) throw new IngestFullError('full')
  }
  const { door, client, counters, port } = await openDoor(t, { ingest: { accept }, log })
  for (let document = 0; document < 5; document++) await send(client, port, `${HEADER}\n${DOCUMENT}`)
  assert.deepEqual(await counted(counters, 5), { queue_full: 5 })
  full = false
  await send(client, port, `${HEADER}\n${DOCUMENT}`)
  assert.deepEqual(await counted(counters, 6), { queue_full: 5, received: 1 })
  await door.stop()
  assert.equal(
    lines.reduce((sum, line) => sum + (line.count ?? 0), 0),
    5,
  )
  assert.deepEqual(lines[0]?.ids?.[0], '70de5b6f19ff9a0a')
  assert.ok(lines.every((line) => line.reason === 'queue_full' && line.ids!.length <= 3))
})

test('memory is bounded while ingest does not answer', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { client, counters, port } = await openDoor(t, {
    ingest: { accept: () => gate.promise },
    maxWaitingBytes: 8 * 1024 * 1024,
  })
  try {
    const text = DOCUMENT.replace('{', `{"user":"${'x'.repeat(60_000)}",`)
    const deadline = performance.now() + 10_000
    // 8 MB wait at most; the kernel may lose some of these on the way.
    for (let sentBytes = 0; (await counters.dropped.get()).values.length === 0; sentBytes += text.length) {
      assert.ok(performance.now() < deadline, `nothing dropped of ${sentBytes} bytes`)
      await send(client, port, `${HEADER}\n${text}`)
    }
    assert.deepEqual(Object.keys(await counted(counters, 1)), ['queue_full'])
  } finally {
    gate.resolve()
  }
})

test('stop hands over what was gathered and resolves when ingest has it', async (t) => {
  const { door, client, counters, batches, port } = await openDoor(t)
  await send(client, port, `${HEADER}\n${DOCUMENT}`)
  await counted(counters, 1)
  await door.stop()
  await door.stop()
  assert.equal(batches.length, 1)
})

test('a port in use names its holder: fatal when the user named it, else the door is closed', async (t) => {
  const { port } = await openDoor(t)
  await assert.rejects(openDoor(t, { port }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'FNS_PORT_IN_USE')
    assert.ok(error.message.includes(`UDP 127.0.0.1:${port} is in use by`), error.message)
    assert.ok(error.message.includes(`(process ${process.pid})`), error.message)
    return true
  })
  const { door } = await openDoor(t, { port, explicit: false })
  assert.ok(door.closed?.includes(String(port)))
})

test('a port in use is told to a main thread that stood still meanwhile', { timeout: 20_000 }, async (t) => {
  const { port } = await openDoor(t)
  const opening = openDoor(t, { port })
  // The thread's refusal and its end then come in one turn of the event loop.
  for (const until = performance.now() + 500; performance.now() < until;);
  await assert.rejects(opening, { code: 'FNS_PORT_IN_USE' })
})
