import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOfAnswer, isRetryable, storeErrorOf } from './clickhouse-error.ts'
import { StoreError } from './store.ts'

test('what the server or the network has is tried again, what the rows have is not', () => {
  const table = [
    [241, 500, 'Memory limit (total) exceeded', true],
    [243, 500, 'Cannot reserve', true],
    [252, 500, 'Too many parts (3000). Merges are processing significantly slower than inserts', true],
    [252, 500, 'Too many partitions for single INSERT block (more than 100)', false],
    [159, 408, 'Timeout exceeded', true],
    [60, 404, 'Table fnscope.spans does not exist', true],
    [516, 403, 'Authentication failed', true],
    [0, 401, 'this store belongs to someone else', true],
    [0, 502, 'Bad gateway', true],
    [0, 429, '', true],
    [33, 500, 'Cannot read all data', false],
    [469, 500, 'Constraint is violated', false],
    [62, 400, 'Syntax error', false],
    [75, 500, 'Cannot write to file: No space left on device', true],
    [999, 500, 'Session expired', true],
    [49, 500, 'Logical error', false],
    [999_999, 500, 'never heard of', false],
    [0, 500, 'no exception of ClickHouse', true],
    [0, 400, 'Bad request', false],
  ] as const
  for (const [code, status, text, retryable] of table) assert.equal(isRetryable(code, status, text), retryable, text)
})

test('an answer becomes an error with the code of its header, else of its text', () => {
  assert.equal(errorOfAnswer(500, '241', 'Code: 1. x').code, 241)
  assert.equal(errorOfAnswer(500, undefined, 'Code: 243. DB::Exception').code, 243)
  assert.match(errorOfAnswer(503, undefined, '').message, /answered 503$/)
})

test('a broken connection is worth another try', () => {
  const error = storeErrorOf(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }))
  assert.ok(error instanceof StoreError)
  assert.equal(error.retryable, true)
  assert.equal(storeErrorOf(error), error)
})
