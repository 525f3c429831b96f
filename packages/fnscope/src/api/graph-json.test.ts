import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, secondsOfCode } from '../query/histogram.ts'
import { GraphJson } from './graph-json.ts'

test('a histogram of any size is the JSON of its entries', () => {
  const codes = Uint16Array.from([0, 7, ...Array.from({ length: 3000 }, (_, i) => codeOf(1000 * (i + 1)))])
  const counts = Float64Array.from(codes, (_, i) => [0, 9, 10, 99, 100, 4_294_967_296, 2 ** 53 - 1][i % 7]!)
  const json = new GraphJson(0)
  json.text('{"é":')
  json.histogram({ codes, counts })
  json.text('}')
  assert.deepEqual(JSON.parse(json.end().toString()), {
    é: Array.from(codes, (code, i) => ({ Value: secondsOfCode(code), Count: counts[i] })),
  })
})
