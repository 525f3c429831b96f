import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatHex, formatXrayTraceId, newSpanId, newTraceId, parseHex, parseSpanId, parseTraceId } from './id.ts'

test('hex of any case becomes bytes, and bytes lower-case hex with leading zeros', () => {
  const bytes = parseHex('00Ff0a10', 4)
  assert.deepEqual([...bytes!], [0, 255, 10, 16])
  assert.equal(formatHex(bytes!), '00ff0a10')
  assert.equal(formatHex(Uint8Array.of(9, 1, 2, 9), 1, 2), '0102')
})

test('text of another length or with other signs is no hex', () => {
  for (const text of ['', '0', '000', '0g', ' 0', '0x', '@0', '`0', '/0', ':0', '0\u0100'])
    assert.equal(parseHex(text, 1), undefined)
})

test('X-Ray’s and plain trace ids are the same 32 digits', () => {
  const digits = '5759e988bd862e3fe1be46a994272793'
  assert.equal(parseTraceId('1-5759e988-bd862e3fe1be46a994272793'), digits)
  assert.equal(parseTraceId('1-5759E988-BD862E3FE1BE46A994272793'), digits)
  assert.equal(parseTraceId(digits.toUpperCase()), digits)
  assert.equal(formatXrayTraceId(digits), '1-5759e988-bd862e3fe1be46a994272793')
})

test('anything else is no trace id', () => {
  for (const text of [
    '',
    '2-5759e988-bd862e3fe1be46a994272793',
    '1-5759e988-bd862e3fe1be46a99427279',
    'g'.repeat(32),
    '1-5759e988-bd862e3fe1be46a994272793\n',
  ])
    assert.equal(parseTraceId(text), undefined)
})

test('a span id has 16 digits', () => {
  assert.equal(parseSpanId('53995C3F42CD8AD8'), '53995c3f42cd8ad8')
  for (const text of ['', '53995c3f42cd8ad', '53995c3f42cd8adg', '53995c3f42cd8ad8 '])
    assert.equal(parseSpanId(text), undefined)
})

test('fresh ids are valid, differ, and a trace id begins with its second', () => {
  const trace = newTraceId(1_465_510_280.9)
  assert.equal(trace.slice(0, 8), '5759e988')
  assert.equal(parseTraceId(trace), trace)
  assert.notEqual(trace, newTraceId(1_465_510_280.9))
  const span = newSpanId()
  assert.equal(parseSpanId(span), span)
  assert.notEqual(span, newSpanId())
})
