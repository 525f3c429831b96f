import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStackTrace } from './stack-trace.ts'

test('of Python the innermost frame comes first, whatever the lines of source between', () => {
  const { frames, causes } = parseStackTrace(
    'Traceback (most recent call last):\n  File "/var/task/app.py", line 7, in f\n    g()\n  File "/var/task/app.py", line 3, in g\n    raise ValueError(\'x\')\nValueError: x\n',
  )
  assert.deepEqual(frames, [
    { path: '/var/task/app.py', line: 3, label: 'g' },
    { path: '/var/task/app.py', line: 7, label: 'f' },
  ])
  assert.deepEqual(causes, [])
})

test('of a chain of Python exceptions the last one is the exception, and those before it its causes', () => {
  const block = (line: number, said: string): string =>
    `Traceback (most recent call last):\n  File "a.py", line ${line}, in f\n${said}\n`
  const direct = '\nThe above exception was the direct cause of the following exception:\n\n'
  const { frames, causes } = parseStackTrace(block(1, 'KeyError: a: b') + direct + block(2, 'shop.Failed'))
  assert.deepEqual(frames, [{ path: 'a.py', line: 2, label: 'f' }])
  assert.deepEqual(causes, [{ type: 'KeyError', message: 'a: b', frames: [{ path: 'a.py', line: 1, label: 'f' }] }])
})

test('of Java frames, native methods and causes are read', () => {
  const { frames, causes } = parseStackTrace(
    [
      'java.lang.IllegalStateException: bad',
      '\tat shop.Orders.add(Orders.java:12)',
      '\tat java.base/jdk.internal.reflect.Direct.invoke0(Native Method)',
      '\t... 3 more',
      'Caused by: java.io.IOException: gone',
      '\tat shop.Disk.read(Disk.java:5)',
    ].join('\n'),
  )
  assert.deepEqual(frames, [
    { path: 'Orders.java', line: 12, label: 'shop.Orders.add' },
    { path: 'Native Method', line: 0, label: 'java.base/jdk.internal.reflect.Direct.invoke0' },
  ])
  assert.deepEqual(causes, [
    {
      type: 'java.io.IOException',
      message: 'gone',
      frames: [{ path: 'Disk.java', line: 5, label: 'shop.Disk.read' }],
    },
  ])
})

test('of JavaScript frames with and without a name are read, and causes', () => {
  const { frames, causes } = parseStackTrace(
    [
      'Error: bad (really)',
      '    at Object.<anonymous> (/a/b (1).js:10:3)',
      '    at async file:///a/c.mjs:4:1',
      '    at new Promise (<anonymous>) {',
      '  [cause]: TypeError: x',
      '      at f (node:internal/x:1:2)',
    ].join('\n'),
  )
  assert.deepEqual(frames, [
    { path: '/a/b (1).js', line: 10, label: 'Object.<anonymous>' },
    { path: 'file:///a/c.mjs', line: 4, label: '' },
    { path: '', line: 0, label: 'new Promise (<anonymous>) {' },
  ])
  assert.deepEqual(causes, [
    { type: 'TypeError', message: 'x', frames: [{ path: 'node:internal/x', line: 1, label: 'f' }] },
  ])
})

test('of .NET and Go frames are read', () => {
  assert.deepEqual(parseStackTrace('System.Exception: x\n   at Shop.Cart.Add(Int32 n) in /s/Cart.cs:line 12').frames, [
    { path: '/s/Cart.cs', line: 12, label: 'Shop.Cart.Add(Int32 n)' },
  ])
  assert.deepEqual(parseStackTrace('goroutine 1 [running]:\nmain.(*Cart).add(0x1)\n\t/s/cart.go:12 +0x1d\n').frames, [
    { path: '/s/cart.go', line: 12, label: 'main.(*Cart).add' },
  ])
})

test('a text that is no stack trace has no frames, and a long one costs no more than its first lines', () => {
  assert.deepEqual(parseStackTrace(''), { frames: [], causes: [] })
  assert.deepEqual(parseStackTrace('it was late'), { frames: [], causes: [] })
  assert.equal(parseStackTrace('    at f (a.js:1:1)\n'.repeat(100_000)).frames.length, 1000)
  assert.equal(parseStackTrace(`    at ${'('.repeat(50_000)}\n`).frames.length, 1)
})
