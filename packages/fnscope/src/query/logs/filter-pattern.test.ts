import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFilterPattern } from './filter-pattern.ts'
import { behind, eventIdOf, positionOf } from './log-event.ts'
import { PatternError } from './pattern-error.ts'

const fits = (pattern: string, message: string): boolean => parseFilterPattern(pattern).matches(message)

const ORDER = JSON.stringify({
  user: { name: 'Ana', id: 7, 'a.b': 1 },
  items: [{ price: 3.5 }, { price: 12 }],
  status: 404,
  text: '訂單成立 🎉',
  error: null,
  done: true,
  code: '404',
})

// pattern, message, whether it fits
const CASES: readonly (readonly [string, string, boolean])[] = [
  ['', 'anything', true],
  ['ERROR', '[ERROR 400] BAD REQUEST', true],
  ['ERROR', 'error', false],
  ['ERROR', 'ERRORS', false],
  ['ERROR', 'MYERROR', false],
  ['%ERROR%', 'MYERRORS', true],
  ['ERROR ARGUMENTS', 'ARGUMENTS: ERROR', true],
  ['ERROR ARGUMENTS', 'ERROR', false],
  ['?ERROR ?WARN', 'a WARN line', true],
  ['?ERROR ?WARN', 'an INFO line', false],
  ['ERROR -EXITING', 'ERROR now', true],
  ['ERROR -EXITING', 'ERROR EXITING now', false],
  ['-EXITING', 'going on', true],
  ['"INTERNAL SERVER ERROR"', '[500] INTERNAL SERVER ERROR!', true],
  ['"INTERNAL SERVER ERROR"', 'INTERNAL ERROR SERVER', false],
  ['"say \\"hi\\""', 'they say "hi" now', true],
  ['-"bad thing"', 'a bad thing', false],
  ['?"bad thing" ?"good thing"', 'a good thing', true],
  ['訂單', '新訂單成立', true],
  ['주문', '새 주문이 완료', true],
  ['échoué', 'paiement échoué', true],
  ['🎉', 'fini🎉', true],
  ['%10\\.[0-9]+%', 'at 10.42', true],
  ['{ $.user.name = "Ana" }', ORDER, true],
  ['{ $.user.name = Ana }', ORDER, true],
  ['{ $.user.name = "A*" }', ORDER, true],
  ['{ $.user.name = "*n*" }', ORDER, true],
  ['{ $.user.name = "B*" }', ORDER, false],
  ['{ $.user.name != "Bob" }', ORDER, true],
  ['{ $.nobody != "Bob" }', ORDER, false],
  ['{ $.user.id = 7 }', ORDER, true],
  ['{ $.user.id >= 7 && $.user.id < 8 }', ORDER, true],
  ['{ $.user.id > 7 }', ORDER, false],
  ['{ $.user.id = 0.7e1 }', ORDER, true],
  ['{ $.items[1].price > 10 }', ORDER, true],
  ['{ $.items[0].price > 10 }', ORDER, false],
  ['{ $.items[*].price > 10 }', ORDER, true],
  ["{ $.user['a.b'] = 1 }", ORDER, true],
  ['{ $.text = "*訂單*" }', ORDER, true],
  ['{ $.error IS NULL }', ORDER, true],
  ['{ $.done IS TRUE }', ORDER, true],
  ['{ $.done IS FALSE }', ORDER, false],
  ['{ $.nothing NOT EXISTS }', ORDER, true],
  ['{ $.user NOT EXISTS }', ORDER, false],
  ['{ $.status = 4* }', ORDER, true],
  ['{ $.code = "404" }', ORDER, true],
  ['{ $.code = 404 }', ORDER, false],
  ['{ ($.status = 404 || $.status = 500) && $.user.name = "Ana" }', ORDER, true],
  ['{ $.status = 500 || $.status = 404 && $.user.name = "Bob" }', ORDER, false],
  ['{ $.text = %^訂% }'.replace('訂', 'a'), ORDER, false],
  ['{ $.status = 404 }', 'status = 404', false],
  ['{ $.status = 404 }', '{"status": 404', false],
  ['{ $[0].a = 1 }', '[{"a":1}]', true],
  ['[ip, user, status]', '1.2.3.4 frank 404', true],
  ['[ip, user, status]', '1.2.3.4 frank', false],
  ['[ip, user, status = 4*]', '1.2.3.4 frank 404', true],
  ['[ip, user, status = 5*]', '1.2.3.4 frank 404', false],
  ['[..., status = 404, bytes > 1000]', 'a b c 404 1,500', false],
  ['[..., status = 404, bytes > 1000]', 'a b c 404 1500', true],
  ['[ip, ..., bytes]', 'a "GET /x y" [1 2 3] 5', true],
  ['[ip, request, time, bytes]', 'a "GET /x y" [1 2 3] 5', true],
  ['[w = %WARN|ERROR%, ...]', 'ERROR: bad', true],
  ['[w != ERROR && w != WARN, ...]', 'INFO x', true],
  ['[w = ERROR || w = WARN, ...]', 'WARN x', true],
]

for (const [pattern, message, expected] of CASES)
  test(`${pattern || 'an empty pattern'} ${expected ? 'fits' : 'does not fit'} ${message.slice(0, 40)}`, () => {
    assert.equal(fits(pattern, message), expected)
  })

const REFUSED: readonly (readonly [pattern: string, position: number])[] = [
  ['ERROR ?WARN', 6],
  ['RequestId:', 9],
  ['"open', 0],
  ['%open', 0],
  ['%a(b)%', 2],
  ['%訂%', 1],
  ['{ $.a = }', 8],
  ['{ $.a }', 6],
  ['{ a = 1 }', 2],
  ['{ $.a = 1', 9],
  ['{ $.a > "x" }', 6],
  ['{ $.a = 1 } x', 12],
  ['{ $.a. = 1 }', 5],
  ['[a, ..., b, ...]', 16],
  ['[a =]', 4],
  ['x'.repeat(1025), 1024],
]

for (const [pattern, position] of REFUSED)
  test(`${pattern.slice(0, 30)} is refused at character ${position + 1}`, () => {
    assert.throws(
      () => parseFilterPattern(pattern),
      (error) => error instanceof PatternError && error.position === position,
      (() => {
        try {
          parseFilterPattern(pattern)
        } catch (error) {
          return `${String(error)} ${(error as PatternError).position}`
        }
        return 'taken'
      })(),
    )
  })

test('a pattern nested too deep is refused, not run into the end of the stack', () => {
  assert.throws(() => parseFilterPattern(`{${'('.repeat(500)}$.a = 1${')'.repeat(500)}}`), PatternError)
})

test('an event id says its position, and they order alike', () => {
  const position = { timeNanos: 1_795_249_022_889_123_456n, receivedNanos: 1_795_249_023_000_000_000n, sequence: 4 }
  const id = eventIdOf(position)
  assert.equal(id.length, 56)
  assert.deepEqual(positionOf(id), position)
  assert.ok(eventIdOf(behind(position)) > id)
  for (const bad of ['', 'x', '1'.repeat(56), id.slice(1)]) assert.equal(positionOf(bad), undefined)
})
