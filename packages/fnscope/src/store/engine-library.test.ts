// Which library belongs to which machine, and what is said where there is none.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { findEngineLibrary } from './engine-library.ts'

test('the library of this machine is an absolute path', () => {
  assert.match(findEngineLibrary(), /^\/.*libchdb\.so$/)
})

test('a package that is not installed is named, with the two ways out', () => {
  const elsewhere = process.platform === 'darwin' ? 'linux' : 'darwin'
  assert.throws(() => findEngineLibrary({ os: elsewhere, arch: 'arm64', glibc: true }), {
    code: 'FNS_ENGINE_MISSING',
    message: new RegExp(`@chdb/lib-${elsewhere}-arm64.*npm install.*--store URL`),
  })
})

test('a platform without any library is told so', () => {
  const message = /does not exist for .*--store URL/
  assert.throws(() => findEngineLibrary({ os: 'win32', arch: 'x64', glibc: true }), {
    code: 'FNS_ENGINE_MISSING',
    message,
  })
  assert.throws(() => findEngineLibrary({ os: 'linux', arch: 'x64', glibc: false }), /without glibc/)
})
