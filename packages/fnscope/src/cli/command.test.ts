import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parametersOf, sinceMsOf } from './command.ts'
import { openDoors, readyLines } from './ready-lines.ts'
import { Spinner } from './spinner.ts'
import { createPainter } from './terminal.ts'
import { readConfig } from '../config.ts'

test('parameters are NAME=VALUE, a value may hold = and newlines, the last of a name wins', () => {
  assert.deepEqual(parametersOf(undefined), {})
  assert.deepEqual(parametersOf(['A=1', 'B=x=y\nz', 'C=', 'A=2']), { A: '2', B: 'x=y\nz', C: '' })
  for (const bad of ['A', '=1', 'a-b=1', ''])
    assert.throws(() => parametersOf([bad]), { code: 'FNS_USAGE', message: /--parameter wants NAME=VALUE/ })
})

test('--since that is no time is refused with what it wants', () => {
  assert.equal(sinceMsOf('10m'), 600_000)
  assert.throws(() => sinceMsOf('yesterday'), { code: 'FNS_USAGE', message: /90s, 10m, 1h or 7d, not "yesterday"/ })
})

test('doors that do not listen are kept apart with their reason', () => {
  const doors = openDoors({
    a: '127.0.0.1:1',
    b: 'off',
    c: 'closed: port 2000 is taken',
    d: '127.0.0.1:2 (TCP closed: x)',
  })
  assert.deepEqual(doors.open, { a: '127.0.0.1:1', d: '127.0.0.1:2' })
  assert.deepEqual(doors.closed, { b: 'off', c: 'port 2000 is taken' })
})

test('a ready fnscope says where it listens, what it records, how long it keeps it and where to look', () => {
  const lines = (url: string, flags: { readonly sampling?: string; readonly retention?: string }): string => {
    const config = readConfig(flags, {})
    const started = { url, doors: () => ({}), apps: () => [], retention: config.retention }
    return readyLines(started, config, createPainter({}, {})).join('\n')
  }
  const standard = lines('http://127.0.0.1:4747', {})
  assert.match(standard, /ready at http:\/\/127\.0\.0\.1:4747\n/)
  assert.match(standard, /every invocation is recorded/)
  assert.match(standard, /7 days, in \.fnscope/)
  assert.match(standard, / npx fnscope traces/)
  const other = lines('http://127.0.0.1:9', { sampling: 'cloud', retention: '12h' })
  assert.match(other, /1\/s \+ 5 %, PassThrough functions silent/)
  assert.match(other, /12 hours/)
  assert.match(other, /FNSCOPE_URL=http:\/\/127\.0\.0\.1:9 npx fnscope traces/)
})

test('a spinner shows its label on a terminal alone, and lines above it stay whole', async () => {
  const written: string[] = []
  const write = (text: string): void => void written.push(text)
  const work = async (spinner: Spinner): Promise<number> =>
    await spinner.during('Deploying', async () => {
      spinner.above(() => write('a line\n'))
      return 7
    })
  assert.equal(await work(new Spinner({ write }, {})), 7)
  assert.deepEqual(written.splice(0), ['a line\n'])
  await work(new Spinner({ write, isTTY: true, columns: 80 }, {}))
  assert.deepEqual(written.join('').split('\r\x1b[K'), ['', '⠋ Deploying … 0 s', 'a line\n', '⠙ Deploying … 0 s', ''])
})
