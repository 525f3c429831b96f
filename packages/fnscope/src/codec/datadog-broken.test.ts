// Requests with bytes changed at random: whatever comes, a codec refuses it or keeps whole rows. A million of them for
// each codec: bench/fuzz.bench.ts.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { newBatch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import { decodeDatadogV04 } from './datadog-v04.ts'
import { decodeDatadogV05 } from './datadog-v05.ts'
import { decodeDogStatsd } from './dogstatsd.ts'
import { MalformedError } from './taken.ts'

const FOLDER = new URL('../../../../test/fixtures/datadog/', import.meta.url)
const CONTEXT = { receivedNanos: 7n, bounds: { minNanos: 1n, maxNanos: 1n << 62n } }
const INPUTS = 400

/** The same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

for (const [name, decode] of [
  ['py-error-v04', decodeDatadogV04],
  ['js-ext-order-v04', decodeDatadogV04],
  ['py2x-hello-v05', decodeDatadogV05],
] as const)
  test(`${name} with bytes changed is refused or kept whole`, () => {
    const good = readFileSync(new URL(`${name}.body`, FOLDER))
    const random = randomOf(20_261_121)
    let kept = 0
    for (let input = 0; input < INPUTS; input++) {
      const body = Uint8Array.from(good)
      for (let change = random(3); change >= 0; change--) body[random(body.length)] = random(256)
      const { spans } = newBatch()
      try {
        decode(body, spans, CONTEXT)
        spans.checkRows()
        kept += readSpans(spans).length
      } catch (error) {
        assert.ok(error instanceof MalformedError, Buffer.from(body).toString('base64'))
      }
    }
    assert.ok(kept > 0, 'some changes leave a request readable')
  })

test('datagrams with bytes changed lose their own lines alone', () => {
  const good = readFileSync(new URL('dogstatsd-lambda.txt', FOLDER))
  const random = randomOf(20_261_121)
  for (let input = 0; input < INPUTS; input++) {
    const body = Uint8Array.from(good)
    body[random(body.length)] = random(256)
    const batch = newBatch()
    let refused = 0
    const taken = decodeDogStatsd(body, batch, { ...CONTEXT, refuse: () => (refused += 1) })
    assert.ok(taken + refused >= 2, Buffer.from(body).toString('latin1'))
  }
})
