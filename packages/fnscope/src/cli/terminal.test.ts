import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutToWidth, displayWidth } from './display-width.ts'
import { createPainter, formatDuration, parseAge, printable, printableLine } from './terminal.ts'

const TTY = { isTTY: true, columns: 80 }

test('colours appear on a terminal, not in a pipe, and the two variables decide otherwise', () => {
  const red = (stream: object, env: NodeJS.ProcessEnv): string => createPainter(stream, env).paint('red', 'x')
  assert.equal(red(TTY, {}), '\x1b[31mx\x1b[39m')
  assert.equal(red({}, {}), 'x')
  assert.equal(red(TTY, { NO_COLOR: '1' }), 'x')
  assert.equal(red(TTY, { NO_COLOR: '' }), '\x1b[31mx\x1b[39m')
  assert.equal(red(TTY, { TERM: 'dumb' }), 'x')
  assert.equal(red({}, { FORCE_COLOR: '1' }), '\x1b[31mx\x1b[39m')
  assert.equal(red({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), '\x1b[31mx\x1b[39m')
  assert.equal(red(TTY, { FORCE_COLOR: '0' }), 'x')
})

test('a pipe has no width, so that nothing is cut in it', () => {
  assert.equal(createPainter({}, {}).columns, Infinity)
  assert.equal(createPainter(TTY, {}).columns, 80)
  assert.equal(createPainter({ isTTY: true, columns: 0 }, {}).columns, 80)
})

test('control characters become visible, and so do those that turn the direction of text', () => {
  assert.equal(printable('a\x1b[31mb\x00\x7f\x9bc'), 'a␛[31mb␀␡�c')
  assert.equal(printable('a\tb\nc'), 'a\tb\nc')
  assert.equal(printable('evil\u202etxt'), 'evil�txt')
  assert.equal(printableLine('a\tb\nc\r'), 'a␉b␊c␍')
  assert.equal(printable('Grüße 你好 👩‍👩‍👧'), 'Grüße 你好 👩‍👩‍👧')
})

test('durations have three figures at most, also where rounding carries', () => {
  const shown = [0, 0.0004, 0.74, 0.9999, 1.24, 9.96, 12.4, 999.7, 1240, 9999, 99_999, 120_000].map(formatDuration)
  const wanted = [
    '0 ms',
    '0 µs',
    '740 µs',
    '1.0 ms',
    '1.2 ms',
    '10 ms',
    '12 ms',
    '1.00 s',
    '1.24 s',
    '10.0 s',
    '100 s',
    '120 s',
  ]
  assert.deepEqual(shown, wanted)
  assert.equal(formatDuration(Number.NaN), '?')
})

test('an age is a number with a unit, and nothing else', () => {
  assert.deepEqual(['90s', '10m', '1.5h', '7d', '20ms'].map(parseAge), [90_000, 600_000, 5_400_000, 604_800_000, 20])
  assert.deepEqual(['', '1', 'h', '-1h', '1 h', '1w', '1h30m', 'NaNs'].map(parseAge), Array(8).fill(undefined))
})

test('width counts what a reader sees: wide characters two, accents none', () => {
  const widths = ['abc', 'é', 'e\u0301', '你好', 'ｱ', 'Ａ', '👩‍👩‍👧', '⚠️', '─', ''].map(displayWidth)
  assert.deepEqual(widths, [3, 1, 1, 4, 1, 2, 2, 2, 1, 0])
})

test('a text is cut where its columns end, never inside a character', () => {
  assert.equal(cutToWidth('function', 8), 'function')
  assert.equal(cutToWidth('function', 5), 'func…')
  assert.equal(cutToWidth('你好世界', 6), '你好…')
  assert.equal(cutToWidth('a👩‍👩‍👧b', 3), 'a…')
  assert.equal(cutToWidth('abc', 0), '')
  assert.equal(cutToWidth('abc', Infinity), 'abc')
})
