// The captured datagrams of test/fixtures/xray sent again over UDP, dated now: each field of each document is in the
// answer of BatchGetTraces, every subsegment inside its parent.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CAPTURES, readDocuments } from '../captures.ts'
import { startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, readTrace, sendDatagrams, visible, type Document } from './xray-client.ts'

const LATEST = 0xffffffff
let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

type Sent = Document & { readonly trace_id: string; readonly id: string }

/** The texts with their times moved to the last minutes and trace ids of today; nothing else is touched. */
function today(texts: readonly string[]): string[] {
  const starts = texts.map((text) => (JSON.parse(text) as { readonly start_time: number }).start_time)
  const shift = Math.floor(epochSeconds()) - 300 - Math.floor(Math.min(...starts))
  const ids = new Map<string, string>()
  return texts.map((text) =>
    text
      .replaceAll(
        /("(?:start|end)_time": ?)([\d.]+)/g,
        (_, name: string, seconds: string) => name + (Number(seconds) + shift).toFixed(6),
      )
      .replaceAll(/1-([0-9a-f]{8})-[0-9a-f]{24}/g, (id, epoch: string) => {
        const moved = Math.min(LATEST, Number.parseInt(epoch, 16) + shift)
        if (!ids.has(id)) ids.set(id, `1-${moved.toString(16).padStart(8, '0')}-${hex(12)}`)
        return ids.get(id)!
      }),
  )
}

/** Every (sub)segment of the document, nested ones too, with its own parent and without its children. */
function* entities(
  document: Document,
  parent?: string,
): Generator<{ readonly body: Document; readonly parent: string | undefined }> {
  const { subsegments, ...body } = document
  yield { body, parent: (document['parent_id'] as string | undefined) ?? parent }
  for (const child of (subsegments ?? []) as readonly Document[]) yield* entities(child, document['id'] as string)
}

for (const capture of CAPTURES) {
  test(`${capture}: every field comes back, every subsegment is in its parent`, async () => {
    const texts = today(readDocuments(capture))
    const documents = texts.map((text) => JSON.parse(text) as Sent)
    await sendDatagrams(fnscope, texts)
    await visible(fnscope, documents)
    for (const [traceId, sent] of Map.groupBy(documents, (one) => one.trace_id)) {
      const trace = await readTrace(fnscope, traceId)
      const answered = trace!.Segments.map((one) => JSON.parse(one.Document) as Document).filter(
        (one) => one['inferred'] !== true,
      )
      const expected = new Map(sent.flatMap((one) => [...entities(one)]).map((one) => [one.body['id'], one]))
      const found = answered.flatMap((one) => [...entities(one)])
      assert.equal(found.length, expected.size, 'each id once')
      for (const { body, parent } of found) {
        const origin = expected.get(body['id'])!
        assert.deepEqual(body, origin.body)
        assert.equal(parent, origin.parent)
      }
      // What stands alone is a segment, or its parent was never sent: in Lambda the platform's segment is.
      for (const one of answered) {
        if (one['type'] === 'subsegment') assert.equal(expected.has(one['parent_id']), false)
      }
    }
  })
}

test('the Lambda captures find their parent when the platform’s segment comes after them', async () => {
  const texts = today(readDocuments('py-sdk-lambda'))
  const documents = texts.map((text) => JSON.parse(text) as Sent)
  await sendDatagrams(fnscope, texts)
  await visible(fnscope, documents)
  const ids = new Set(documents.map((one) => one.id))
  const outermost = documents.find((one) => !ids.has(one['parent_id'] as string))!
  const before = await readTrace(fnscope, outermost.trace_id)
  assert.ok(before!.Segments.some((one) => one.Id === outermost.id))
  const facade = {
    trace_id: outermost.trace_id,
    id: outermost['parent_id'] as string,
    name: 'hello',
    origin: 'AWS::Lambda::Function',
    start_time: outermost['start_time'],
    end_time: epochSeconds() - 200,
  }
  await sendDatagrams(fnscope, [facade])
  await visible(fnscope, [facade])
  const after = await readTrace(fnscope, outermost.trace_id)
  const segments = after!.Segments.map((one) => JSON.parse(one.Document) as Document)
  const own = segments.filter((one) => one['inferred'] !== true)
  assert.deepEqual(
    own.map((one) => one['id']),
    [facade.id],
  )
  assert.equal([...entities(own[0]!)].length, documents.length + 1)
})
