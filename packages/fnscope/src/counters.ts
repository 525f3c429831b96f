// fnscope's own counters, served at /metrics. Labels are closed sets (door, reason), never what a client sent.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** One set a process of fnscope; made by server.ts and handed to whoever counts. */
export class Counters {
  readonly registry = new Registry()
  /** Spans, documents, log lines and points that a door took in. */
  readonly received = this.#counter('fnscope_received_total', 'Items received', ['door', 'signal'])
  /** Items refused or lost, by reason: parse_error, too_large, too_old, too_new, queue_full … */
  readonly dropped = this.#counter('fnscope_dropped_total', 'Items dropped', ['door', 'reason'])
  /** Door → reads what the kernel has dropped since its UDP socket opened; asked at each scrape. */
  readonly kernelDrops = new Map<string, () => number | undefined>()
  readonly udpKernelDropped = this.#kernelDropCounter()
  readonly stored = this.#counter('fnscope_stored_rows_total', 'Rows stored', ['table'])
  readonly poisoned = this.#counter('fnscope_poisoned_rows_total', 'Rows that the store refused for good', ['table'])
  readonly insertRetries = this.#counter('fnscope_insert_retries_total', 'Inserts tried again under their token', [
    'table',
  ])
  readonly walBytes = this.#gauge('fnscope_wal_bytes', 'Bytes in the write-ahead log, not yet stored')
  readonly walSyncs = this.#counter('fnscope_wal_syncs_total', 'Appends flushed to the disk (--fsync)', [])
  readonly graphSpansWaiting = this.#gauge(
    'fnscope_graph_spans_waiting',
    'Spans in stretches of the service graph that are to be computed (again)',
  )
  readonly graphRuns = this.#gauge(
    'fnscope_graph_runs',
    'Runs of the job that computes the service graph, since the start',
  )
  readonly flushSeconds = new Histogram({
    name: 'fnscope_flush_seconds',
    help: 'Time of one flush of a log segment to the store',
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [this.registry],
  })
  readonly flushRows = new Histogram({
    name: 'fnscope_flush_rows',
    help: 'Rows of one flush, of all tables',
    buckets: [1, 10, 100, 1000, 10_000, 50_000, 100_000, 200_000],
    registers: [this.registry],
  })
  readonly flushBytes = new Histogram({
    name: 'fnscope_flush_bytes',
    help: 'Bytes of one flush, of all tables, not compressed',
    buckets: [1e3, 1e4, 1e5, 1e6, 4e6, 16e6, 64e6],
    registers: [this.registry],
  })
  readonly invocations = this.#counter('fnscope_invocations_total', 'Invocations of local functions', ['outcome'])
  readonly refusedRequests = this.#counter('fnscope_refused_requests_total', 'Requests refused before their route', [
    'reason',
  ])
  /** Answered 4xx after the guards; `bad_http` is what was no HTTP at all. */
  readonly badRequests = this.#counter('fnscope_bad_requests_total', 'Requests that asked for nothing we could do', [
    'status',
  ])

  #kernelDropCounter(): Counter {
    const { kernelDrops } = this
    return new Counter({
      name: 'fnscope_udp_kernel_dropped_total',
      help: "Datagrams that the kernel dropped for want of room in a door's socket; nobody has seen what was in them",
      labelNames: ['door'],
      registers: [this.registry],
      collect() {
        for (const [door, read] of kernelDrops) {
          const drops = read()
          if (drops === undefined) continue
          this.remove({ door })
          this.inc({ door }, drops)
        }
      },
    })
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] })
  }
}

/** A codec's code, of a closed set, as the reasons are spelled here: ParseError → parse_error. */
export function reasonOf(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
}
