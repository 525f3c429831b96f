import assert from 'node:assert/strict'
import test from 'node:test'
import { discoveredSchema } from './discovered-schema.ts'

test('an event becomes an OpenAPI document: objects are components, names in every event are required', () => {
  const events = [
    { id: 'a', count: 1, tags: ['x'], detail: { ok: true }, nothing: null },
    { id: 'b', detail: {} },
  ]
  assert.deepEqual(discoveredSchema(events), {
    openapi: '3.0.0',
    info: { version: '1.0.0', title: 'Event' },
    paths: {},
    components: {
      schemas: {
        Event: {
          type: 'object',
          required: ['id', 'detail'],
          properties: {
            id: { type: 'string' },
            count: { type: 'number' },
            tags: { type: 'array', items: { type: 'string' } },
            detail: { $ref: '#/components/schemas/Detail' },
            nothing: {},
          },
        },
        Detail: { type: 'object', properties: { ok: { type: 'boolean' } } },
      },
    },
  })
})

test('two objects of one name are two components', () => {
  const { components } = discoveredSchema([{ a: { in: { x: 1 } }, b: { in: { y: 1 } } }])
  assert.deepEqual(Object.keys((components as { schemas: object }).schemas).sort(), ['A', 'B', 'Event', 'In', 'in_1'])
})
