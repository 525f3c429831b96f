import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestIdOf } from './request-id.ts'
import { SPAN_FLAG } from './span-batch.ts'

test("a Lambda request id is the column's, else the invocation's, else that of a function's segment", () => {
  const { segment } = SPAN_FLAG
  assert.equal(requestIdOf('own', 0, '', { 'faas.invocation_id': 'other' }), 'own')
  assert.equal(requestIdOf('', 0, '', { 'faas.execution': 'old', 'faas.invocation_id': 'new' }), 'new')
  assert.equal(requestIdOf('', segment, 'AWS::Lambda::Function', { 'aws.request_id': 'r' }), 'r')
  assert.equal(requestIdOf('', segment, 'AWS::Lambda', { 'aws.requestId': 'r' }), 'r')
})

test('the request id of an AWS call is not that of the function which makes it', () => {
  assert.equal(requestIdOf('', 0, 'AWS::Lambda', { 'aws.request_id': 'r' }), '')
  assert.equal(requestIdOf('', SPAN_FLAG.segment, 'AWS::EC2::Instance', { 'aws.request_id': 'r' }), '')
  assert.equal(requestIdOf('', SPAN_FLAG.segment, '', { 'faas.invocation_id': 7n }), '')
})
