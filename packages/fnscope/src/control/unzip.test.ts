import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { unzip, ZipError } from './unzip.ts'

interface File {
  readonly name: string
  readonly text: string
  /** Of Unix, with its type. */
  readonly mode?: number
}

const LINK = 0o120777

/** An archive whose files are stored as they are. */
function zipOf(files: readonly File[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, text, mode = 0o100644 } of files) {
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt32LE(text.length, 20)
    central.writeUInt32LE(text.length, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(mode * 0x10000, 38)
    central.writeUInt32LE(offset, 42)
    parts.push(local, Buffer.from(name), Buffer.from(text))
    directory.push(central, Buffer.from(name))
    offset += 30 + name.length + text.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}

/** A directory to unpack to, and one beside it that nothing may reach. */
function places(t: TestContext): { readonly dir: string; readonly outside: string } {
  const root = mkdtempSync(join(tmpdir(), 'fnscope-unzip-'))
  t.after(() => rmSync(root, { recursive: true }))
  const [dir, outside] = [join(root, 'code'), join(root, 'outside')]
  mkdirSync(dir)
  mkdirSync(outside)
  return { dir, outside }
}

test('files, their rights and links are as the archive says', (t) => {
  const { dir } = places(t)
  const files = [
    { name: 'link', text: '/opt/lib', mode: LINK },
    { name: 'a/run', text: 'x', mode: 0o100755 },
    { name: 'a/up', text: '../link', mode: LINK },
  ]
  unzip(zipOf(files), dir)
  assert.equal(statSync(join(dir, 'a/run')).mode & 0o777, 0o755)
  assert.equal(readlinkSync(join(dir, 'link')), '/opt/lib')
  assert.equal(readlinkSync(join(dir, 'a/up')), '../link')
})

test('nothing is written through a link', (t) => {
  const ways = (outside: string): readonly (readonly File[])[] => [
    [
      { name: 'out', text: outside, mode: LINK },
      { name: 'out/evil', text: 'x' },
    ],
    [
      { name: 'out', text: outside, mode: LINK },
      { name: 'out/evil', text: '/etc', mode: LINK },
    ],
    [
      { name: 'out', text: join(outside, 'evil'), mode: LINK },
      { name: 'out', text: 'x' },
    ],
    [
      { name: 'out', text: '../outside', mode: LINK },
      { name: 'out/evil/', text: '' },
    ],
  ]
  for (let way = 0; way < 4; way += 1) {
    const { dir, outside } = places(t)
    assert.throws(() => unzip(zipOf(ways(outside)[way]!), dir), ZipError)
    assert.ok(!existsSync(join(outside, 'evil')))
  }
})

test('names that lead out of the directory are refused, and what cannot be written says no path', (t) => {
  const { dir, outside } = places(t)
  for (const name of ['../outside/evil', '/evil', '..\\outside\\evil', 'a/../../outside/evil'])
    assert.throws(() => unzip(zipOf([{ name, text: 'x' }]), dir), /leaves the archive's directory/)
  assert.ok(!existsSync(join(outside, 'evil')))
  const both = [
    { name: 'a', text: 'file' },
    { name: 'a/b', text: 'x' },
  ]
  assert.throws(() => unzip(zipOf(both), dir), /a\/b cannot be written: E[A-Z]+$/)
  assert.equal(readFileSync(join(dir, 'a'), 'utf8'), 'file')
})
