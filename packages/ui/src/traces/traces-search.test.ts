import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatFacets, readFacets, readTracesSearch, toggleFacet, tracesParameters } from './traces-search.ts'

test('facets stand in the address and are read again, whatever is in them', () => {
  const choices = [
    { name: 'service', value: 'a,b:50%', exclude: false },
    { name: 'status', value: 'ok', exclude: true },
  ] as const
  assert.equal(formatFacets(choices), 'service:a%2Cb:50%25,!status:ok')
  assert.deepEqual(readFacets(formatFacets(choices)), choices)
  assert.deepEqual(readFacets('colour:red,service:,x'), [])
})

test('a facet is added, replaced by another value, and taken away again', () => {
  const a = { name: 'service', value: 'a', exclude: false } as const
  const b = { name: 'service', value: 'b', exclude: false } as const
  assert.deepEqual(toggleFacet([a], b), [b])
  assert.deepEqual(toggleFacet([a], a), [])
  assert.deepEqual(toggleFacet([a], { ...b, exclude: true }), [a, { ...b, exclude: true }])
})

test('the API is asked for what the address says', () => {
  const search = readTracesSearch({ q: 'status:500', f: 'service:a,!status:fault', min: '200', sort: '-start' })
  const { filter, service, since } = tracesParameters({ ...search, from: '15m' })
  assert.deepEqual([filter, service, since], ['(http.status = 500) AND !fault AND duration >= 0.2', 'a', '15m'])
  assert.equal(tracesParameters({ q: 'foo = 1' }).filter, 'foo = 1')
  const without = tracesParameters({ f: '!version:1%2C2,!status:ok,!region:eu-west-1' })
  assert.deepEqual([without['filter'], without['exclude']], ['!ok', 'version:1%2C2,region:eu-west-1'])
})
