// Who makes an AWS call: each execution environment has an access key id of its own, which every signature names, and an
// environment runs one invocation at a time.
import { randomBytes } from 'node:crypto'

export interface FunctionCaller {
  readonly functionName: string
  readonly requestId: string
  /** X-Amzn-Trace-Id as the runtime has it. */
  readonly traceHeader: string
  /** Segments of the invocation are written. */
  readonly recorded: boolean
}

export class CallerKeys {
  readonly #callers = new Map<string, FunctionCaller>()

  /** @param base what the endpoint knows this machine's functions by; the key of an environment begins so */
  issue(base: string): string {
    return `${base}E${randomBytes(4).toString('hex').toUpperCase()}`
  }

  /** The environment with this key runs `caller` until the answer is called. */
  bind(key: string, caller: FunctionCaller): () => void {
    this.#callers.set(key, caller)
    return () => {
      if (this.#callers.get(key) === caller) this.#callers.delete(key)
    }
  }

  of(key: string): FunctionCaller | undefined {
    return this.#callers.get(key)
  }
}
