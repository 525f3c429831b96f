import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FunctionConfiguration } from '../aws-api.ts'
import { changeOf, formOf } from './configuration-form.ts'

const BEFORE: FunctionConfiguration = {
  FunctionName: 'orders',
  FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
  Handler: 'app.orders',
  Description: '',
  Timeout: 10,
  MemorySize: 256,
  Version: '$LATEST',
  TracingConfig: { Mode: 'Active' },
  Environment: { Variables: { CURRENCY: 'EUR' } },
  Layers: [{ Arn: 'arn:aws:lambda:us-east-1:1:layer:a:1' }],
}

test('a form as it came changes nothing', () => {
  assert.equal(changeOf(formOf(BEFORE), BEFORE), undefined)
})

test('only what was changed is sent', () => {
  const form = formOf(BEFORE)
  assert.deepEqual(changeOf({ ...form, tracing: 'PassThrough' }, BEFORE), { TracingConfig: { Mode: 'PassThrough' } })
  assert.deepEqual(changeOf({ ...form, memoryMb: '512', timeoutSeconds: '3' }, BEFORE), { MemorySize: 512, Timeout: 3 })
  assert.deepEqual(changeOf({ ...form, layers: '' }, BEFORE), { Layers: [] })
  assert.deepEqual(changeOf({ ...form, layers: `${form.layers}\n  b \n` }, BEFORE), {
    Layers: ['arn:aws:lambda:us-east-1:1:layer:a:1', 'b'],
  })
  assert.deepEqual(
    changeOf(
      {
        ...form,
        environment: [
          ['CURRENCY', 'USD'],
          ['', 'x'],
          ['A', ''],
        ],
      },
      BEFORE,
    ),
    {
      Environment: { Variables: { CURRENCY: 'USD', A: '' } },
    },
  )
})
