import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLogger } from '../log.ts'
import { XraySettings } from './xray-state.ts'

const POLICY = { name: 'p', document: '{}', revisionId: '1', updatedSeconds: 1 }

function fileIn(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-xray-state-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return join(dir, 'xray.json')
}

test('what was changed is there for the next run', (t) => {
  const file = fileIn(t)
  new XraySettings({ file, log: silentLogger }).change({ policies: [POLICY] })
  assert.deepEqual(new XraySettings({ file, log: silentLogger }).current.policies, [POLICY])
})

test('a file that cannot be read is put aside and not overwritten', (t) => {
  const file = fileIn(t)
  for (const text of ['{"samplingRules":[', '[]', '{"samplingRules":[],"groups":{},"policies":[],"tags":{}}']) {
    writeFileSync(file, text)
    const settings = new XraySettings({ file, log: silentLogger })
    assert.deepEqual(settings.current.policies, [])
    settings.change({ policies: [POLICY] })
    assert.equal(readFileSync(`${file}.damaged`, 'utf8'), text)
  }
})

test('a change that cannot be written does not stand', (t) => {
  const file = fileIn(t)
  writeFileSync(file, '')
  rmSync(file)
  const settings = new XraySettings({ file: join(file, 'below', 'xray.json'), log: silentLogger })
  writeFileSync(file, 'a file where a folder is wanted')
  assert.throws(() => settings.change({ policies: [POLICY] }), {
    code: 'InternalFailure',
    message: /could not be written/,
  })
  assert.deepEqual(settings.current.policies, [])
  assert.ok(!existsSync(join(file, 'below')))
})
