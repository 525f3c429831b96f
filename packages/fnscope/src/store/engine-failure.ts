// What can keep the embedded engine from starting: read from its own output, told to the user.
import { FnscopeError, messageOf } from '../errors.ts'

export const DIRECTORY_LOCKED = /Cannot lock file|Another server instance/
export const PORT_TAKEN = /Address already in use/

export function dataUnwritable(dataDir: string, error: unknown): FnscopeError {
  return new FnscopeError(
    'FNS_DATA_UNWRITABLE',
    `The data directory ${dataDir} cannot be written (${messageOf(error)}). Make it writable, or give another one with --data.`,
    { cause: error },
  )
}

/** The engine's own lock is held, although no fnscope of this machine (or container) holds ours. */
export function dataLocked(dataDir: string, dataPath: string): FnscopeError {
  return new FnscopeError(
    'FNS_DATA_IN_USE',
    `The data directory ${dataDir} is in use by a process outside fnscope's sight. End the one that has files in ${dataPath} open (perhaps in another container), or give another directory with --data.`,
  )
}

export function portTaken(port: number): FnscopeError {
  return new FnscopeError(
    'FNS_PORT_IN_USE',
    `The embedded store cannot listen on 127.0.0.1:${port}: another program does. Stop that program, or leave the port out to take any free one.`,
  )
}

export function startFailed(dataDir: string, output: string): FnscopeError {
  return new FnscopeError(
    'FNS_ENGINE_START',
    `The embedded store did not start on ${dataDir}. Its last lines:\n${lastLines(output)}\nTry an empty directory with --data to see whether the data is the cause, or use a ClickHouse server: --store URL.`,
  )
}

export function lastLines(output: string): string {
  return output.trim().split('\n').slice(-12).join('\n')
}
