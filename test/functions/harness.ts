// A platform over real processes for tests: functions written to a temporary directory, an ingest that keeps batches.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseLogLine } from '../../packages/fnscope/src/codec/log-line.ts'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import { chooseIsolation } from '../../packages/fnscope/src/functions/isolation/choose-isolation.ts'
import { Platform } from '../../packages/fnscope/src/functions/platform.ts'
import type { PlatformOptions } from '../../packages/fnscope/src/functions/platform-options.ts'
import type { AppSpec, FunctionSpec } from '../../packages/fnscope/src/functions/function-spec.ts'
import { NO_TRIGGERS } from '../../packages/fnscope/src/functions/trigger-spec.ts'
import type { Ingest } from '../../packages/fnscope/src/ingest/ingest.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import type { Batch } from '../../packages/fnscope/src/span/batch.ts'
import { formatHex } from '../../packages/fnscope/src/span/id.ts'
import type { DictionaryColumn } from '../../packages/fnscope/src/span/dictionary-column.ts'
import { SPAN_FLAG } from '../../packages/fnscope/src/span/span-batch.ts'

export const TEST_CACHE = process.env['FNSCOPE_TEST_CACHE'] ?? join(tmpdir(), 'fnscope-test-cache')

/** FNSCOPE_ISOLATION=namespace runs every test of the platform in the other way. */
export const ISOLATION = await chooseIsolation(
  process.env['FNSCOPE_ISOLATION'] === 'namespace' ? 'namespace' : 'none',
  TEST_CACHE,
)

export class MemoryIngest implements Ingest {
  readonly batches: Batch[] = []
  failure: Error | undefined

  async accept(batch: Batch): Promise<void> {
    if (this.failure) throw this.failure
    batch.spans.checkRows()
    batch.openSpans.checkRows()
    this.batches.push(batch)
  }

  async flushed(): Promise<void> {}
}

/** A span as a test looks at it. */
export interface SeenSpan {
  readonly name: string
  readonly origin: string
  readonly id: string
  readonly parent: string
  readonly traceId: string
  readonly start: bigint
  readonly end: bigint
  readonly error: boolean
  readonly fault: boolean
  readonly status: number
  readonly cold: boolean
  readonly rank: number
}

function word(column: DictionaryColumn, row: number): string {
  const bytes = column.indexBytes()
  return column.words[new DataView(bytes.buffer, bytes.byteOffset).getUint32(row * 4, true)]!
}

export function spansOf(batches: readonly Batch[]): SeenSpan[] {
  return batches.flatMap(({ spans }) =>
    Array.from({ length: spans.rows }, (_, row) => {
      const start = spans.startNanos.i64(row)
      return {
        name: word(spans.name, row),
        origin: word(spans.origin, row),
        id: formatHex(spans.spanId.bytes(), row * 8, 8),
        parent: formatHex(spans.parentId.bytes(), row * 8, 8),
        traceId: formatHex(spans.traceId.bytes(), row * 16, 16),
        start,
        end: start + spans.durationNanos.i64(row),
        error: (spans.flags.bytes()[row * 2]! & SPAN_FLAG.error) !== 0,
        fault: (spans.flags.bytes()[row * 2]! & SPAN_FLAG.fault) !== 0,
        status: spans.httpStatus.bytes()[row * 2]! + spans.httpStatus.bytes()[row * 2 + 1]! * 256,
        cold: (spans.flags.bytes()[row * 2]! & SPAN_FLAG.coldStart) !== 0,
        rank: spans.rootRank.bytes()[row]!,
      }
    }),
  )
}

export interface Harness {
  readonly platform: Platform
  readonly ingest: MemoryIngest
  readonly dir: string
  readonly counters: Counters
  readonly notes: string[]
  /** Deploys one function over these files and answers its spec. */
  add(files: Readonly<Record<string, string>>, spec?: Partial<FunctionSpec>): FunctionSpec
  call(name: string, event?: unknown, more?: { readonly traceHeader?: string }): Promise<InvokeAnswer>
  /** Resolves when the last added function is prepared. */
  deployed(): Promise<void>
  stop(): Promise<void>
}

let functions = 0

export function startHarness(options: Partial<PlatformOptions> = {}): Harness {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-functions-'))
  const ingest = new MemoryIngest()
  const counters = new Counters()
  const notes: string[] = []
  const platform = new Platform({
    ingest,
    counters,
    log: silentLogger,
    sampling: 'all',
    accountId: '000000000000',
    region: 'us-east-1',
    daemonAddress: '127.0.0.1:2000',
    endpointUrl: () => 'http://127.0.0.1:4747',
    cacheDir: TEST_CACHE,
    metricsOfLine: () => [],
    readLine: parseLogLine,
    notify: (text) => notes.push(text),
    isolation: ISOLATION,
    ...options,
  })
  let deploying: Promise<void> = Promise.resolve()
  return {
    platform,
    ingest,
    dir,
    counters,
    notes,
    add(files, more = {}) {
      functions += 1
      const name = more.name ?? `app-Function${functions}`
      const codeDir = join(dir, name)
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(codeDir, file)), { recursive: true })
        writeFileSync(join(codeDir, file), text)
      }
      const spec: FunctionSpec = {
        name,
        logicalId: `Function${functions}`,
        stack: `stack-${name}`,
        runtime: 'python3.11',
        handler: 'app.handler',
        codeDir,
        dependencyDirs: [],
        layerDirs: [],
        environment: {},
        timeoutSeconds: 5,
        memoryMb: 256,
        tracing: 'Active',
        segmentStyle: 'old',
        logFormat: 'Text',
        logGroup: `/aws/lambda/${name}`,
        architecture: 'x86_64',
        ephemeralStorageMb: 512,
        description: '',
        tags: {},
        ...more,
      }
      deploying = platform.deploy(appOf(spec))
      return spec
    },
    async call(name, event = {}, more = {}) {
      const payload = Buffer.from(JSON.stringify(event))
      const answer = await platform.invoke({ functionName: name, payload, invocationType: 'RequestResponse', ...more })
      await platform.flushed()
      return answer
    },
    deployed: () => deploying,
    async stop() {
      await platform.stop({ graceMs: 0 })
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

export function appOf(spec: FunctionSpec): AppSpec {
  return {
    dir: spec.codeDir,
    stack: spec.stack,
    region: 'us-east-1',
    accountId: '000000000000',
    functions: [spec],
    triggers: NO_TRIGGERS,
    outputs: {},
    notices: [],
  }
}

export function json(answer: InvokeAnswer): unknown {
  return JSON.parse(Buffer.from(answer.payload).toString('utf8'))
}

export function bodies(answer: InvokeAnswer): string[] {
  return answer.logLines.map((line) => line.body)
}

/** Processes of this machine whose command line has the text: inside a namespace they have other numbers. */
export function processesWith(text: string): number[] {
  const table = execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' })
  return table
    .split('\n')
    .filter((line) => line.includes(text) && !line.includes('input-type=module'))
    .map((line) => Number.parseInt(line, 10))
}

/** Resolves when `probe` answers something; the deadline is for a test that fails. */
export async function until<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error('nothing happened in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
