import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '../log.ts'
import { FailureLog } from './failure-log.ts'

function recorder(): { readonly lines: Record<string, unknown>[]; readonly log: Logger } {
  const lines: Record<string, unknown>[] = []
  const log = { error: (fields: Record<string, unknown>) => lines.push(fields) } as unknown as Logger
  return { lines, log }
}

const failure = (text: string): Error => new TypeError(text)

test('the same failure is told once in ten seconds, with how many there were since', () => {
  const { lines, log } = recorder()
  let now = 0
  const failures = new FailureLog(log, () => now)
  for (now = 0; now < 10_000; now += 10) failures.add(failure(`at ${now}`), 'request failed', { url: '/v1/traces' })
  assert.equal(lines.length, 1)
  assert.equal(lines[0]!['url'], '/v1/traces')
  failures.add(failure('later'), 'request failed')
  assert.equal(lines.length, 2)
  failures.add(new RangeError('another place'), 'request failed')
  assert.equal(lines.length, 3)
  now = 20_000
  failures.add(failure('later still'), 'request failed')
  assert.equal(lines.at(-1)!['repeated'], undefined)
})

test('what was not told is counted in the next line', () => {
  const { lines, log } = recorder()
  let now = 0
  const failures = new FailureLog(log, () => now)
  for (let i = 0; i < 7; i++) failures.add('not even an error', 'call failed')
  now = 10_000
  failures.add('not even an error', 'call failed')
  assert.deepEqual(
    lines.map((line) => line['repeated']),
    [undefined, 6],
  )
})

test('failures at many places do not fill the log or the memory', () => {
  const { lines, log } = recorder()
  const failures = new FailureLog(log, () => 0)
  for (let i = 0; i < 5000; i++) {
    const error = new Error('made')
    error.stack = `Error: made\n    at place${i}`
    failures.add(error, 'request failed')
  }
  assert.equal(lines.length, 101)
})
