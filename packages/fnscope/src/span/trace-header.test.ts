import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTraceHeader, parseTraceHeader } from './trace-header.ts'

const ROOT = 'Root=1-5759e988-bd862e3fe1be46a994272793'
const TRACE = '5759e988bd862e3fe1be46a994272793'

test('a full header is read whole and written back the same', () => {
  const text = `${ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0`
  const header = parseTraceHeader(text)
  assert.deepEqual(header, {
    traceId: TRACE,
    parentId: '53995c3f42cd8ad8',
    sampled: true,
    rest: ['Lineage=1:a87bd80c:0'],
  })
  assert.equal(formatTraceHeader(header), text)
})

test('keys stand in any order and case, with blanks', () => {
  const header = parseTraceHeader(`sampled=0; PARENT=53995C3F42CD8AD8 ;${ROOT.toLowerCase()}`)
  assert.deepEqual(header, { traceId: TRACE, parentId: '53995c3f42cd8ad8', sampled: false, rest: [] })
})

test('a question mark asks the receiver to decide', () => {
  assert.equal(parseTraceHeader('Sampled=?').sampled, 'ask')
  assert.equal(formatTraceHeader({ sampled: 'ask', rest: [] }), 'Sampled=?')
})

test('Self is dropped, unknown keys are carried on', () => {
  assert.deepEqual(parseTraceHeader('Self=1-2-3;CalledFrom=app;x=a=b').rest, ['CalledFrom=app', 'x=a=b'])
})

test('unusable parts are left out', () => {
  for (const text of [undefined, '', ';;', 'Root', 'Root=1-2-3;Parent=zz;Sampled=yes'])
    assert.deepEqual(parseTraceHeader(text), { rest: [] })
})
