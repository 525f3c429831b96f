import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { whyNotRun } from './program-file.ts'

let dir = ''
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'fnscope-program-'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

function file(bytes: string | Buffer, mode = 0o755): string {
  const path = join(dir, 'bootstrap')
  rmSync(path, { force: true })
  writeFileSync(path, bytes)
  chmodSync(path, mode)
  return path
}

function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  bytes.writeUInt16LE(machine, 18)
  return bytes
}

const other = process.arch === 'x64' ? ([243, 'riscv64'] as const) : ([3, 'x86'] as const)

const CASES: readonly (readonly [string, string | Buffer, RegExp | undefined])[] = [
  [
    'this machine’s program',
    elf(process.arch === 'x64' ? 62 : 183),
    process.platform === 'linux' ? undefined : /Linux/,
  ],
  ['another machine’s', elf(other[0]), new RegExp(`bootstrap is a (Linux )?program for ${other[1]}, and this`)],
  ['Windows’', 'MZ\x90\0', /is a program for Windows/],
  ['a script', '#!/bin/sh\nexit 0\n', undefined],
  ['a script with Windows line ends', '#!/bin/sh\r\nexit 0\r\n', /Windows line ends/],
  ['a script without its interpreter', '#!/nowhere/sh\n', /wants the interpreter \/nowhere\/sh/],
  ['text', 'hello', /neither a Linux program nor a script/],
  ['nothing', '', /is empty/],
]

for (const [what, bytes, why] of CASES) {
  test(`a bootstrap that is ${what} ${why ? `is refused with ${why.source}` : 'runs'}`, () => {
    const answer = whyNotRun(file(bytes))
    if (why) assert.match(answer ?? '', why)
    else assert.equal(answer, undefined)
  })
}

test('a file that may not be executed, and a directory, are refused by name', () => {
  assert.match(whyNotRun(file('#!/bin/sh\n', 0o644)) ?? '', /bootstrap is not executable/)
  mkdirSync(join(dir, 'sub'))
  assert.match(whyNotRun(join(dir, 'sub')) ?? '', /sub is no file/)
})
