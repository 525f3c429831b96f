// The generator, a program of its own in bench/loadgen: built here, started, its answers read.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { ROOT } from '../../test/started-fnscope.ts'
import { startProgram } from './children.ts'
import type { Protocol, Question } from './subject.ts'

const BIN = join(ROOT, '.fnscope/bench/bin')
const LOADGEN = join(BIN, 'loadgen')
const CONNECTIONS = 4
/** 477 spans of OTLP; PutTraceSegments takes 50 documents; a burst of datagrams must fit the smallest socket buffer. */
const TRACES: Readonly<Record<Protocol, number>> = {
  'otlp-http': 50,
  'otlp-grpc': 50,
  'zipkin-http': 50,
  'xray-http': 16,
  'xray-udp': 4,
}
/** Different traces of all connections: as few as 8,000 flatter compressors, and searches find nothing or very many. */
const DIFFERENT_TRACES = 80_000
const ID_EVERY_SPANS = 2400
const SPANS_PER_TRACE = 9.54

/** Builds it anew where a source changed. @throws Error without a Go that can */
export function buildLoadgen(): void {
  mkdirSync(BIN, { recursive: true })
  const built = spawnSync('go', ['build', '-buildvcs=false', '-trimpath', '-o', LOADGEN, '.'], {
    cwd: join(ROOT, 'bench/loadgen'),
    encoding: 'utf8',
  })
  if (built.error) throw new Error('the generator is written in Go: install Go 1.26', { cause: built.error })
  if (built.status !== 0) throw new Error(`the generator does not build:\n${built.stderr}`)
}

export interface SendOptions {
  readonly protocol: Protocol
  readonly target: string
  readonly seconds: number
  /** Ends after so many acknowledged; 0: no limit. */
  readonly spans?: number
  /** Spans a second; 0: as fast as they are acknowledged. */
  readonly rate?: number
  readonly idsFile?: string
  /** With `spans`: starts of traces begin so long ago and end now. */
  readonly historyHours?: number
}

export interface Sent {
  readonly seconds: number
  readonly acked_spans: number
  readonly acked_spans_per_s: number
  readonly documents: number
  readonly documents_per_s: number
  readonly rejected_spans: number
  readonly failed_spans: number
  readonly requests: number
  readonly retries: number
  readonly bytes_per_span: number
  readonly request_ms: Latencies | null
  readonly cpu_s: number
  readonly errors: Readonly<Record<string, number>>
}

export interface Latencies {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface Sending {
  /** Resolves when the first request is on its way: encoding ahead takes seconds. */
  readonly began: Promise<void>
  readonly finished: Promise<Sent>
  /** Ends it before its time. */
  end(): Promise<Sent>
}

let seed = Math.floor(Date.now() / 1000) % 1_000_000

export function startSending(options: SendOptions): Sending {
  const traces = TRACES[options.protocol]
  const idEvery = Math.max(1, Math.round(ID_EVERY_SPANS / (traces * SPANS_PER_TRACE)))
  const flags = {
    proto: options.protocol,
    target: options.target,
    conns: CONNECTIONS,
    traces,
    pool: DIFFERENT_TRACES / CONNECTIONS / traces,
    duration: `${options.seconds}s`,
    spans: options.spans ?? 0,
    rate: options.rate ?? 0,
    ...(options.idsFile === undefined ? {} : { ids: options.idsFile, 'ids-every': idEvery }),
    ...(options.historyHours === undefined ? {} : { history: `${options.historyHours}h` }),
    // Never twice the same ids in one store.
    seed: seed++,
  }
  const { child, finished } = run('send', flags, options.seconds + 120)
  const began = new Promise<void>((resolve) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      if (chunk.includes('sending')) resolve()
    })
    child.once('exit', () => resolve())
  })
  const result = finished as Promise<Sent>
  return {
    began,
    finished: result,
    end() {
      child.kill('SIGTERM')
      return result
    },
  }
}

export async function send(options: SendOptions): Promise<Sent> {
  return await startSending(options).finished
}

export interface Asked {
  readonly n: number
  readonly ms: Latencies | null
  readonly status: Readonly<Record<string, number>>
  readonly hits: number
  readonly mean_bytes: number
  /** The last refusal or error; '' when there was none. */
  readonly failure: string
}

/** The longest that one question is asked again and again, and that one answer is waited for. */
const QUESTION_SECONDS = 20

/** Asked before measuring. */
export function warmUps({ atMost }: Question): number {
  return atMost === undefined ? 5 : 1
}

/** Asks `count` times on one connection, about traces of the file's last `lastIds`. */
export async function ask(
  question: Question,
  { count, idsFile, lastIds }: { readonly count: number; readonly idsFile: string; readonly lastIds: number },
): Promise<Asked> {
  const seconds = QUESTION_SECONDS
  const n = Math.min(count, question.atMost ?? count)
  const flags = {
    url: question.url,
    ids: idsFile,
    'last-ids': lastIds,
    n,
    warm: warmUps(question),
    ago: `${question.hoursAgo ?? 1}h`,
    hit: question.hit,
    max: `${seconds}s`,
    ...(question.body === undefined ? {} : { post: question.body }),
    ...(question.header === undefined ? {} : { header: question.header }),
  }
  return (await run('get', flags, seconds * 2 + 15).finished) as Asked
}

function run(command: string, flags: Readonly<Record<string, string | number>>, seconds: number) {
  const args = Object.entries(flags).flatMap(([name, value]) => [`-${name}`, String(value)])
  const program = startProgram(LOADGEN, [command, ...args])
  const { child } = program
  const finished = (async (): Promise<unknown> => {
    let answer = ''
    child.stdout!.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    const late = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
    await once(child, 'close')
    clearTimeout(late)
    if (child.exitCode !== 0) throw new Error(`the generator failed (${command}):\n${program.output()}`)
    return JSON.parse(answer) as unknown
  })()
  // Whoever asks for it sees the failure; until then it is nobody's.
  finished.catch(() => {})
  return { child, finished }
}
