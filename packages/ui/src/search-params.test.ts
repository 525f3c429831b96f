import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parseSearch, readRootSearch, stringifySearch } from './search-params.ts'

test('an address is plain words both ways', () => {
  const search = { q: 'annotation.user="brian1" & <b>', live: true, from: '15m', to: undefined, page: 3, no: false }
  const text = stringifySearch(search)
  assert.equal(text, '?q=annotation.user%3D%22brian1%22+%26+%3Cb%3E&live=1&from=15m&page=3')
  assert.deepEqual(parseSearch(text), { q: search.q, live: '1', from: '15m', page: '3' })
})

test('what cannot be read is left out', () => {
  const { from, to, live, environment } = readRootSearch({ from: 'soon', to: '5m', live: 'yes', environment: '' })
  assert.deepEqual(
    { from, to, live, environment },
    { from: undefined, to: '5m', live: undefined, environment: undefined },
  )
})
