// One busy period of an instance that serves several requests at once (instanceConcurrency): for the environment it is one
// invocation that lasts from the first request to the last, which is what the cloud bills; the requests themselves go over
// fc-requests.ts. An instance that fails takes its requests with it, and one that lets a request run too long is ended when
// the others have theirs.
import { encodeFcRequest, type FcRequestHead } from './fc-envelope.ts'
import type { FcRequests } from './fc-requests.ts'
import type { FcInstance } from './fc-runner.ts'
import { FcSharedLines } from './fc-shared-lines.ts'
import type { Clock } from './clock.ts'
import type { FunctionLine, InvocationRecord } from './invocation-record.ts'

export interface SharedRequest {
  readonly requestId: string
  readonly head: FcRequestHead
  readonly body: Uint8Array
  readonly timeoutSeconds: number
}

/** Longer than any period, within what a timer can count. */
const PERIOD_SECONDS = 20 * 86_400

type Ended = Pick<InvocationRecord, 'status' | 'errorType' | 'reason' | 'payload'>

export class FcSharedInstance {
  readonly own: FcInstance
  readonly #requests: FcRequests
  readonly #clock: Clock
  readonly #lines = new FcSharedLines()
  #period: Promise<InvocationRecord> | undefined
  #failed = false
  #over = false
  #started = false
  #starting: Promise<boolean> | undefined
  #settled: Promise<readonly FunctionLine[]> | undefined
  /** Requests that it has been given and that are not over, those that wait for its start too. */
  taken = 1

  /** @param own taken from the pool for this period */
  constructor(own: FcInstance, clock: Clock) {
    this.own = own
    this.#requests = own.requests
    this.#clock = clock
  }

  /** It takes no more. */
  get failed(): boolean {
    return this.#failed
  }

  /** Set when it has had its last request; resolves when it can be taken again. */
  get settled(): Promise<unknown> | undefined {
    return this.#settled
  }

  /** Runs `begin` where nobody has, one at a time, until it has gone well once. @param begin whether it did */
  async start(begin: () => Promise<boolean>): Promise<void> {
    while (!this.#started) {
      if (this.#starting !== undefined) {
        await this.#starting
        continue
      }
      this.#starting = begin()
      this.#started = await this.#starting
      this.#starting = undefined
      return
    }
  }

  /** Runs one request beside the others. Its process has asked for work before. */
  async run(request: SharedRequest): Promise<InvocationRecord> {
    const { requestId, head, body, timeoutSeconds } = request
    const period = (this.#period ??= this.#begin(request))
    this.#lines.begin(requestId)
    const startNanos = this.#clock()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), timeoutSeconds * 1000)
    })
    const answer = this.#requests.add(requestId, encodeFcRequest(head, body))
    const first = await Promise.race([answer, late, period])
    clearTimeout(timer)
    const endNanos = this.#clock()
    let ended: Ended
    if (first === 'late') {
      this.#failed = true
      ended = { status: 'timeout', errorType: 'Sandbox.Timedout', reason: undefined, payload: new Uint8Array(0) }
    } else if ('status' in first) {
      ended = { ...first, status: first.status === 'success' ? 'failure' : first.status }
    } else {
      const status = first.errorType === undefined ? 'success' : 'error'
      ended = { status, errorType: first.errorType, reason: undefined, payload: first.body }
    }
    const { lines, droppedLines } = await this.own.environment.writtenLines()
    this.#lines.add(lines)
    return {
      requestId,
      inits: [],
      startNanos,
      responseNanos: ended.status === 'success' || ended.status === 'error' ? endNanos : undefined,
      endNanos,
      ...ended,
      cause: undefined,
      functionError: undefined,
      maxMemoryMb: this.own.environment.peakMb,
      lines: this.#lines.end(requestId),
      droppedLines,
      logStream: this.own.environment.logStream,
    }
  }

  /** After its last request. @returns what was written after that */
  end(): Promise<readonly FunctionLine[]> {
    this.#settled = this.#end()
    return this.#settled
  }

  async #end(): Promise<readonly FunctionLine[]> {
    if (this.#failed && !this.#over) this.own.environment.killProgram()
    this.#requests.close()
    const record = await this.#period
    return record?.lines.map((line) => ({ ...line, requestId: undefined })) ?? []
  }

  #begin({ requestId, head }: SharedRequest): Promise<InvocationRecord> {
    this.#requests.open()
    const payload = encodeFcRequest({ headers: head.headers, shared: true }, new Uint8Array(0))
    const { environment } = this.own
    const asked = {
      requestId,
      functionArn: environment.spec.name,
      traceHeader: '',
      payload,
      timeoutSeconds: PERIOD_SECONDS,
    }
    return environment
      .invoke(asked, () => {})
      .then((record) => {
        this.#over = true
        this.#failed ||= record.status !== 'success'
        return record
      })
  }
}
