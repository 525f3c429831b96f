import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { exactLink } from './exact-link.ts'
import { idsIn } from './ids.ts'

const ids = (text: string): string[] => idsIn(text).map(({ id }) => id)

test('every form of a trace id is found, alone and in a log line', () => {
  const forms = [
    '1-5759e988-bd862e3fe1be46a994272793',
    '5759e988bd862e3fe1be46a994272793',
    '53995c3f42cd8ad8',
    '6020817293460638424',
    '5b1b2e6c-3f1d-4a52-9a57-1b1f0e9e1c11',
  ]
  for (const id of forms) assert.deepEqual(ids(id), [id])
  assert.deepEqual(ids('XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8'), [
    '1-5759e988-bd862e3fe1be46a994272793',
    '53995c3f42cd8ad8',
  ])
  assert.deepEqual(ids('traces of the last 15 minutes'), [])
})

test('a copied link has the times that are seen, where the page has a range', () => {
  assert.equal(
    exactLink('http://h/traces?q=a&from=15m', 1_700_000_900_000),
    'http://h/traces?q=a&from=1700000000000&to=1700000900000',
  )
  assert.equal(exactLink('http://h/trace/1?sel=2', 5), 'http://h/trace/1?sel=2')
})
