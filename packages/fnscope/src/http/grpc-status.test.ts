import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeGrpcMessage, GrpcError, parseGrpcTimeoutMs, statusTrailers } from './grpc-status.ts'
import { encodeRpcStatus, RPC_CODE } from './rpc-status.ts'

test('a message is percent-encoded but for printable ASCII, the percent sign too', () => {
  assert.equal(encodeGrpcMessage('100% of "it" ~'), '100%25 of "it" ~')
  assert.equal(encodeGrpcMessage('é\r\n\u007f'), '%C3%A9%0D%0A%7F')
  assert.equal(encodeGrpcMessage('half a pair: \ud83d'), 'half a pair: %EF%BF%BD')
})

test('a timeout is up to eight digits and a unit; anything else is none', () => {
  const parsed = ['1H', '2M', '3S', '4m', '5000u', '6000000n'].map(parseGrpcTimeoutMs)
  assert.deepEqual(parsed.slice(0, 5), [3_600_000, 120_000, 3000, 4, 5])
  assert.ok(Math.abs(parsed[5]! - 6) < 1e-9)
  for (const none of [undefined, '', '1', 'S', '-1S', '1.5S', '123456789S', '1s'])
    assert.equal(parseGrpcTimeoutMs(none), undefined)
})

test('a status is code, message and, where it may be tried again, RetryInfo with whole seconds', () => {
  assert.equal(encodeRpcStatus({ code: RPC_CODE.invalidArgument, message: 'no' }).toString('hex'), '080312026e6f')
  const retry = encodeRpcStatus({ code: RPC_CODE.unavailable, message: '', retryAfterSeconds: 0.2 })
  assert.equal(
    retry.toString('latin1'),
    '\u0008\u000e\u001a\u0030\n\u0028type.googleapis.com/google.rpc.RetryInfo\u0012\u0004\n\u0002\u0008\u0001',
  )
})

test('a message of more than 127 bytes has its length in two', () => {
  const encoded = encodeRpcStatus({ code: RPC_CODE.internal, message: 'x'.repeat(300) })
  assert.equal(encoded.subarray(0, 5).toString('hex'), '080d12ac02')
  assert.equal(encoded.length, 305)
})

test('details go with UNAVAILABLE alone, in base64 without padding, and a long message is cut', () => {
  const trailers = statusTrailers(new GrpcError(RPC_CODE.unavailable, 'full', { retryAfterSeconds: 1 }))
  assert.match(trailers['grpc-status-details-bin'] as string, /^[A-Za-z0-9+/]+$/)
  const exhausted = statusTrailers(
    new GrpcError(RPC_CODE.resourceExhausted, 'x'.repeat(5000), { retryAfterSeconds: 1 }),
  )
  assert.equal(exhausted['grpc-status-details-bin'], undefined)
  assert.equal((exhausted['grpc-message'] as string).length, 1000)
})
