// What went wrong at ClickHouse, as the contract's StoreError: may the same call succeed later, or is a row at fault?
import { ClickHouseError } from '@clickhouse/client'
import { messageOf } from '../errors.ts'
import { StoreError } from './store.ts'

// Nothing is wrong with the rows: memory, disk, network, load, a restart, the schema's or the access's state. All other
// codes blame the call, the ones nobody foresaw too: retried for ever, one such row would hold up everything behind it.
// Names as in https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
const SERVER_AT_FAULT = new Set([
  23, // CANNOT_READ_FROM_ISTREAM
  24, // CANNOT_WRITE_TO_OSTREAM
  60, // UNKNOWN_TABLE
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR: also a full disk
  76, // CANNOT_OPEN_FILE
  77, // CANNOT_CLOSE_FILE
  81, // UNKNOWN_DATABASE
  83, // DIRECTORY_DOESNT_EXIST
  95, // CANNOT_READ_FROM_SOCKET
  96, // CANNOT_WRITE_TO_SOCKET
  107, // FILE_DOESNT_EXIST
  115, // UNKNOWN_SETTING
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  164, // READONLY
  172, // CANNOT_CREATE_DIRECTORY
  173, // CANNOT_ALLOCATE_MEMORY
  180, // THERE_IS_NO_PROFILE
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  195, // IP_ADDRESS_NOT_ALLOWED
  198, // DNS_ERROR
  199, // UNKNOWN_QUOTA
  201, // QUOTA_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  203, // NO_FREE_CONNECTION
  204, // CANNOT_FSYNC
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  214, // CANNOT_STATVFS
  218, // TABLE_IS_DROPPED
  225, // NO_ZOOKEEPER
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  244, // UNEXPECTED_ZOOKEEPER_ERROR
  252, // TOO_MANY_PARTS
  254, // NO_ACTIVE_REPLICAS
  265, // NO_AVAILABLE_REPLICA
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  289, // REPLICA_IS_NOT_IN_QUORUM
  291, // DATABASE_ACCESS_DENIED
  294, // CANNOT_WRITE_TO_FILE
  297, // SHARD_HAS_NO_CONNECTIONS
  319, // UNKNOWN_STATUS_OF_INSERT
  364, // RECEIVED_ERROR_TOO_MANY_REQUESTS
  369, // ALL_REPLICAS_ARE_STALE
  384, // PART_IS_TEMPORARILY_LOCKED
  394, // QUERY_WAS_CANCELLED
  400, // CANNOT_STAT
  410, // EXTERNAL_SERVER_IS_NOT_RESPONDING
  411, // PTHREAD_ERROR
  415, // ALL_REPLICAS_LOST
  416, // REPLICA_STATUS_CHANGED
  424, // CANNOT_LINK
  425, // SYSTEM_ERROR
  439, // CANNOT_SCHEDULE_TASK
  452, // SETTING_CONSTRAINT_VIOLATION
  458, // CANNOT_UNLINK
  472, // READONLY_SETTING
  473, // DEADLOCK_AVOIDED
  481, // PATH_ACCESS_DENIED
  497, // ACCESS_DENIED
  499, // S3_ERROR
  500, // AZURE_BLOB_STORAGE_ERROR
  511, // UNKNOWN_ROLE
  516, // AUTHENTICATION_FAILED
  521, // ATOMIC_RENAME_FAIL
  574, // DISTRIBUTED_TOO_MANY_PENDING_BYTES
  586, // CANNOT_CREATE_FILE
  641, // CANNOT_APPEND_TO_FILE
  659, // UNKNOWN_STATUS_OF_TRANSACTION
  667, // NOT_INITIALIZED
  673, // RESOURCE_ACCESS_DENIED
  677, // THREAD_WAS_CANCELED
  692, // TOO_MANY_MUTATIONS
  700, // USER_SESSION_LIMIT_EXCEEDED
  720, // USER_EXPIRED
  722, // ASYNC_LOAD_WAIT_FAILED
  733, // TABLE_IS_BEING_RESTARTED
  734, // CANNOT_WRITE_AFTER_BUFFER_CANCELED
  735, // QUERY_WAS_CANCELLED_BY_CLIENT
  745, // SERVER_OVERLOADED
  749, // TCP_CONNECTION_LIMIT_REACHED
  762, // HTTP_CONNECTION_LIMIT_REACHED
  763, // SESSION_REFUSED
  764, // DEDUPLICATION_IS_NOT_POSSIBLE
  774, // TABLE_IS_PERMANENTLY_READ_ONLY
  776, // RESOURCE_LIMIT_EXCEEDED
  777, // MEMORY_RESERVATION_KILLED
  778, // MEMORY_RESERVATION_FAILED
  999, // KEEPER_EXCEPTION
  1000, // POCO_EXCEPTION: files and sockets
  1001, // STD_EXCEPTION: std::filesystem, std::bad_alloc
])

/** One code is two errors: too many parts (wait for merges), and rows spread over too many days (never goes in). */
const SPREAD_TOO_WIDE = /too many partitions/i

/**
 * Codes that blame the bytes of an insert, unless the bytes were those between two servers of a cluster: one of them was
 * killed while the other spoke to it. 32 ATTEMPT_TO_READ_AFTER_EOF, 33 CANNOT_READ_ALL_DATA, 101 and
 * 102 UNEXPECTED_PACKET UNEXPECTED_PACKET_FROM_SERVER.
 */
const BROKEN_BYTES = new Set([32, 33, 101, 102])
const BETWEEN_SERVERS = /while receiving packet from|Insertion status:/

/** Whether the same insert may succeed later: by ClickHouse's code, by the answer's HTTP status where it has none (0). */
export function isRetryable(code: number, status: number, text: string): boolean {
  if (BROKEN_BYTES.has(code)) return BETWEEN_SERVERS.test(text)
  if (code !== 0) return SERVER_AT_FAULT.has(code) && !SPREAD_TOO_WIDE.test(text)
  return status < 400 || status >= 500 || status === 401 || status === 403 || status === 408 || status === 429
}

/** The StoreError of an HTTP answer that is not 200. */
export function errorOfAnswer(status: number, codeHeader: string | undefined, text: string): StoreError {
  const code = Number(codeHeader ?? /Code: (\d+)/.exec(text)?.[1] ?? 0) || 0
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
    const code = Number(error.code) || 0
    return new StoreError(`the store answered ${code}: ${error.message.slice(0, 500)}`, {
      retryable: isRetryable(code, 500, error.message),
      code,
      cause: error,
    })
  }
  return new StoreError(`the store did not answer: ${messageOf(error)}`, { retryable: true, cause: error })
}

// Nobody took the question: it may be put to another server. (A query that takes too long is not among them.)
const NOT_REACHED = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Whether no server answered at all. */
export function wasNotReached(error: unknown): boolean {
  if (!(error instanceof StoreError) || error.code !== 0) return false
  const { cause } = error
  return cause instanceof Error && NOT_REACHED.has((cause as NodeJS.ErrnoException).code ?? '')
}

// How a shard's absence shows on the server that was asked: no connection, or one that broke.
const SHARD_AWAY = new Set([
  32, // ATTEMPT_TO_READ_AFTER_EOF
  198, // DNS_ERROR
  203, // NO_FREE_CONNECTION
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  279, // ALL_CONNECTION_TRIES_FAILED
  297, // SHARD_HAS_NO_CONNECTIONS
])

/** Whether the answer would have needed a shard that is not there. */
export function lacksShard(error: unknown): boolean {
  return error instanceof StoreError && SHARD_AWAY.has(error.code)
}
