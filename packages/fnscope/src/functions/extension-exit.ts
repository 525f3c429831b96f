// What it means that an extension's process has ended while its environment goes on, or was not even started.
import { describeExit, type ExitStatus } from './function-process.ts'
import type { ExtensionFailure } from './extension.ts'
import { MAX_EXTENSIONS, type Extension } from './extensions-api.ts'

/** Status 126 and 127 of one that has not said a word: there was no program to run. */
export function failureOfExit({ name, events, state }: Extension, status: ExitStatus): ExtensionFailure {
  const message = describeExit(status) || 'exit code 0'
  if (state !== 'Started' || (status.code !== 126 && status.code !== 127))
    return { name, events, state: 'Exited', errorType: 'Extension.Crash', reported: undefined, message }
  const reported = status.code === 126 ? 'PermissionDenied' : 'UnknownError'
  return { name, events, state: 'LaunchError', errorType: 'Extension.LaunchError', reported, message }
}

/** Of the first that is over the limit: none is started then. */
export function oneTooMany(name: string): ExtensionFailure {
  const message = `Extension limit (${MAX_EXTENSIONS}) reached`
  const reported = 'Extension.TooManyExtensions'
  return { name, events: [], state: 'LaunchError', errorType: 'Extension.LaunchError', reported, message }
}
