// What is said of a function's extensions: their events, how one failed, and what the log tells of them.

export type ExtensionEvent = 'INVOKE' | 'SHUTDOWN'

/** An extension that ends its environment. */
export interface ExtensionFailure {
  readonly name: string
  readonly events: readonly ExtensionEvent[]
  /** As its line in the log calls it. */
  readonly state: 'InitError' | 'ExitError' | 'Exited' | 'LaunchError'
  /** For the caller and the reports. */
  readonly errorType: 'Extension.InitError' | 'Extension.ExitError' | 'Extension.Crash' | 'Extension.LaunchError'
  /** What the extension itself said, or what kept it from starting; the log's line has it. */
  readonly reported: string | undefined
  readonly message: string
}

/** A line that the platform writes of an extension while things happen. */
export type ExtensionNote =
  | {
      readonly about: 'extension'
      readonly name: string
      readonly state: 'Ready' | ExtensionFailure['state']
      readonly events: readonly ExtensionEvent[]
      readonly errorType?: string
    }
  | {
      readonly about: 'subscription'
      readonly name: string
      /** platform, function, extension */
      readonly types: readonly string[]
      readonly api: 'telemetry' | 'logs'
    }
  | { readonly about: 'dropped'; readonly records: number; readonly bytes: number; readonly reason: string }

export function noteOfFailure({ name, state, events, errorType, reported }: ExtensionFailure): ExtensionNote {
  return { about: 'extension', name, state, events, errorType: reported ?? errorType }
}
