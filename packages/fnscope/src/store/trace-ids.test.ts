import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTraces, validTraceIds } from './trace-ids.ts'

test('only 32 hex digits are an id, in any case, each once', () => {
  const id = '0123456789abcdef'.repeat(2)
  const others = ['', id.slice(1), `${id}0`, `1-${id}`, `${id}\n`, id.replace('f', 'g'), "' OR 1"]
  assert.deepEqual(validTraceIds([id.toUpperCase(), ...others, id]), [id])
})

test('a condition names its ids as a parameter, never in its text', () => {
  const id = 'ab'.repeat(16)
  for (const ids of [[id], [id, 'cd'.repeat(16)]]) {
    assert.match(inTraces(ids), /\{traceIds:Array\(String\)\}/)
    assert.ok(!inTraces(ids).includes(id))
  }
})
