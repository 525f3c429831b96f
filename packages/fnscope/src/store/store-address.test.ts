import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCluster, databaseOf, parseStoreUrl } from './store-address.ts'

const shown = (text: string, credentials = {}): string[] =>
  parseStoreUrl(text, credentials).map(({ url, username, password }) => `${username}:${password}@${url.href}`)

test('one URL is one server, with its user and decoded password', () => {
  assert.deepEqual(shown('http://h:8123/db'), ['default:@http://h:8123/'])
  assert.deepEqual(shown('https://me:p%40ss%2Cword@h:8443'), ['me:p@ss,word@https://h:8443/'])
})

test('several URLs are several servers; a comma in a password is none between URLs', () => {
  assert.deepEqual(shown('http://u:a,b@h1:1/db, http://u:c@h2:2/db'), ['u:a,b@http://h1:1/', 'u:c@http://h2:2/'])
})

test('a password given beside the URLs is every server’s', () => {
  assert.deepEqual(shown('http://u@h1:1,http://u@h2:2', { password: 's' }), ['u:s@http://h1:1/', 'u:s@http://h2:2/'])
})

test('the database is the path that the URLs agree on', () => {
  assert.equal(databaseOf('http://h:1'), 'fnscope')
  assert.equal(databaseOf('http://h:1/mine,http://i:1'), 'mine')
  assert.throws(() => databaseOf('http://h:1/mine,http://i:1/yours'), { code: 'FNS_USAGE', message: /mine, yours/ })
  assert.throws(() => databaseOf('http://h:1/a;b'), { code: 'FNS_USAGE' })
})

test('what is no URL of a ClickHouse is refused without telling a password', () => {
  for (const text of ['nonsense', 'tcp://u:secret@h:9000', 'http://u:secret@', 'http://h:1,ftp://u:secret@h'])
    assert.throws(
      () => parseStoreUrl(text),
      (error: Error) => 'code' in error && error.code === 'FNS_USAGE' && !error.message.includes('secret'),
      text,
    )
})

test('a cluster’s name cannot carry SQL', () => {
  assert.equal(checkCluster('prod.eu-1'), 'prod.eu-1')
  for (const name of ['', "a'b", 'a b', '1a']) assert.throws(() => checkCluster(name), { code: 'FNS_USAGE' })
})
