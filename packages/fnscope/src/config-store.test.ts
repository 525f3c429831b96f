import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './config.ts'
import { ROLES } from './roles.ts'

const STORE = { store: 'http://h:8123' }

test('cluster, authority and password of the store come by flag or variable, the password by variable alone', () => {
  const { cluster, storeCa, storePassword } = readConfig(
    { ...STORE, cluster: 'c' },
    { FNSCOPE_CLUSTER: 'd', FNSCOPE_STORE_CA: 'ca.pem', FNSCOPE_STORE_PASSWORD: 's' },
  )
  assert.deepEqual({ cluster, storeCa, storePassword }, { cluster: 'c', storeCa: 'ca.pem', storePassword: 's' })
})

test('what says how to use a server is refused where none is named', () => {
  assert.throws(() => readConfig({ cluster: 'c' }, {}), { code: 'FNS_USAGE', message: /--cluster.*--store URL/ })
  assert.throws(() => readConfig({ storeCa: 'f' }, {}), { code: 'FNS_USAGE', message: /--store-ca.*--store URL/ })
})

test('a process has all roles, or those that it is given', () => {
  assert.deepEqual(readConfig({}, {}).roles, ROLES)
  assert.deepEqual(readConfig({}, { FNSCOPE_ROLES: 'query' }).roles, ['query'])
  assert.throws(() => readConfig({ roles: 'write' }, {}), { code: 'FNS_USAGE' })
})

test('a process has the doors of its roles: who runs functions has the one by which they report', () => {
  const open = (roles: string): string[] =>
    Object.entries(readConfig({ roles }, {}).doors)
      .filter(([, door]) => door !== 'off')
      .map(([name]) => name)
  assert.ok(open('receive').length > 1)
  assert.ok(!open('receive').includes('jaeger-query'))
  assert.deepEqual(open('query'), ['jaeger-query', 'jaeger-query-grpc'])
  assert.deepEqual(open('platform,query'), ['xray-daemon', 'jaeger-query', 'jaeger-query-grpc'])
  assert.throws(() => readConfig({ roles: 'query', door: ['xray-daemon=127.0.0.1:2001'] }, {}), {
    code: 'FNS_USAGE',
    message: /--door xray-daemon.*role receive/,
  })
})
