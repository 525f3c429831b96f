// What went wrong at ClickHouse, as the contract's StoreError: may the same call succeed later, or is a row at fault?
import { ClickHouseError } from '@clickhouse/client'
import { messageOf } from '../errors.ts'
import { StoreError } from './store.ts'

// Codes that blame the rows, whatever the HTTP status. https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
const ROW_AT_FAULT = new Set([
  6, // CANNOT_PARSE_TEXT
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  131, // TOO_LARGE_STRING_SIZE
  153, // ILLEGAL_DIVISION
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  395, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
  469, // VIOLATED_CONSTRAINT
])

// Answered with a 4xx status, and yet nothing is wrong with the rows: someone must mend the server or the access.
const SERVER_AT_FAULT = new Set([
  60, // UNKNOWN_TABLE
  81, // UNKNOWN_DATABASE
  159, // TIMEOUT_EXCEEDED
  164, // READONLY
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  201, // QUOTA_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  319, // UNKNOWN_STATUS_OF_INSERT
  394, // QUERY_WAS_CANCELLED
  497, // ACCESS_DENIED
  516, // AUTHENTICATION_FAILED
])

/** One code is two errors: too many parts (wait for merges), and rows spread over too many days (never goes in). */
const SPREAD_TOO_WIDE = /too many partitions/i

/** Whether the same insert may succeed later, by ClickHouse's code, the answer's HTTP status and its text. */
export function isRetryable(code: number, status: number, text: string): boolean {
  if (SPREAD_TOO_WIDE.test(text) || ROW_AT_FAULT.has(code)) return false
  if (SERVER_AT_FAULT.has(code)) return true
  return status < 400 || status >= 500 || status === 401 || status === 403 || status === 408 || status === 429
}

/** The StoreError of an HTTP answer that is not 200. */
export function errorOfAnswer(status: number, codeHeader: string | undefined, text: string): StoreError {
  const code = Number(codeHeader ?? /Code: (\d+)/.exec(text)?.[1] ?? 0)
  const line = text.trim().slice(0, 500)
  return new StoreError(`the store answered ${status}${line === '' ? '' : `: ${line}`}`, {
    retryable: isRetryable(code, status, text),
    code,
  })
}

/** The StoreError of anything that the client library or a socket threw. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (error instanceof ClickHouseError) {
    const code = Number(error.code)
    return new StoreError(`the store answered ${code}: ${error.message.slice(0, 500)}`, {
      retryable: isRetryable(code, 500, error.message),
      code,
      cause: error,
    })
  }
  return new StoreError(`the store did not answer: ${messageOf(error)}`, { retryable: true, cause: error })
}
