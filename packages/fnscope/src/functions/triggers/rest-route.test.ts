import assert from 'node:assert/strict'
import test from 'node:test'
import type { RestApiSpec } from '../trigger-spec.ts'
import { matchRoute, methodsOf } from './rest-route.ts'

const routes = (...list: string[]): Pick<RestApiSpec, 'routes'> => ({
  routes: list.map((text) => {
    const [method = '', path = ''] = text.split(' ')
    return { method, path, target: { kind: 'function', functionName: text } }
  }),
})

const api = routes(
  'GET /',
  'GET /hello',
  'ANY /hello',
  'GET /hello/{name}',
  'GET /hello/world',
  'GET /hello/{name}/items/{item}',
  'ANY /files/{proxy+}',
  'GET /{any+}',
)

const cases: readonly (readonly [string, string | undefined, Record<string, string>?])[] = [
  ['GET /', 'GET /'],
  ['GET /hello', 'GET /hello'],
  ['GET /hello/', 'GET /hello'],
  ['POST /hello', 'ANY /hello'],
  ['GET /hello/world', 'GET /hello/world'],
  ['GET /hello/ada', 'GET /hello/{name}', { name: 'ada' }],
  ['GET /hello/a%20b', 'GET /hello/{name}', { name: 'a b' }],
  ['GET /hello/%zz', 'GET /hello/{name}', { name: '%zz' }],
  ['GET /hello/ada/items/7', 'GET /hello/{name}/items/{item}', { name: 'ada', item: '7' }],
  ['PUT /files/a/b%2Fc', 'ANY /files/{proxy+}', { proxy: 'a/b/c' }],
  ['GET /hello/ada/other', 'GET /{any+}', { any: 'hello/ada/other' }],
  ['GET /files', 'GET /{any+}', { any: 'files' }],
  ['POST /hello/world', undefined],
  ['DELETE /elsewhere', undefined],
]

for (const [request, expected, parameters = {}] of cases) {
  test(`${request} goes to ${expected ?? 'no route'}`, () => {
    const [method = '', path = ''] = request.split(' ')
    const match = matchRoute(api, method, path)
    assert.equal(match && `${match.route.method} ${match.route.path}`, expected)
    if (match) assert.deepEqual(match.pathParameters, parameters)
  })
}

test('the methods of a path are those of its resource, ANY spelled out', () => {
  assert.deepEqual(methodsOf(api, '/hello/world'), ['GET'])
  assert.equal(methodsOf(api, '/files/x').length, 7)
  assert.deepEqual(methodsOf(routes('GET /a'), '/b'), [])
})
