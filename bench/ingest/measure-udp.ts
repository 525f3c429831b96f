// X-Ray documents over UDP at a fixed rate, which nobody acknowledges: what is lost, and where.
import { eventually } from '../../test/started-fnscope.ts'
import { load, udpDrops } from '../measure.ts'
import { ownDirectory } from './children.ts'
import { startFnscopeSubject } from './fnscope.ts'
import { send } from './loadgen.ts'
import { readMetrics } from './metrics.ts'
import { progress } from './progress.ts'
import { cpuPerMillion, memoryMb, readCpu, sampleMemory } from './watch.ts'

/** Of the generator: 9.54 spans and 3 documents a trace. */
const SPANS_PER_DOCUMENT = 9.54 / 3
const WARM_PER_SECOND = 5000
const WARM_SECONDS = 5
const STORED_TIMEOUT_MS = 180_000

export interface UdpFigures {
  readonly loadBefore: number
  readonly documentsPerSecond: { readonly asked: number; readonly sent: number }
  readonly sent: number
  readonly received: number
  readonly stored: number
  readonly lossPercent: number
  /** Of the lost: for want of room in the socket's buffer. */
  readonly lostByKernel?: number
  /** Of the lost: received, dropped and counted by fnscope. */
  readonly dropped: number
  readonly storedAfterSeconds: number
  /** Documents. */
  readonly cpuSecondsPerMillion: Readonly<Record<string, number>>
  readonly memoryMb: { readonly mostSampled: number; readonly after: number }
  readonly problems: readonly string[]
}

export async function measureUdp(options: {
  readonly name: string
  readonly args: readonly string[]
  readonly documentsPerSecond: number
  readonly seconds: number
}): Promise<UdpFigures> {
  const { documentsPerSecond, seconds } = options
  const loadBefore = load()
  using directory = ownDirectory(options.name)
  const running = await startFnscopeSubject(directory.path, options.args)
  try {
    const target = running.target('xray-udp')
    if (target === undefined) throw new Error(`${options.name} does not listen for xray-udp`)
    const port = Number(target.split(':').at(-1))
    const sendAt = (rate: number, forSeconds: number) =>
      send({ protocol: 'xray-udp', target, seconds: forSeconds, rate: rate * SPANS_PER_DOCUMENT })
    const counts = async () => {
      const series = await readMetrics(running.metricsUrl)
      return {
        received: series('fnscope_received_total', 'door="xray-daemon"'),
        dropped: series('fnscope_dropped_total', 'door="xray-daemon"'),
        stored: series('fnscope_stored_rows_total', 'table="documents"'),
      }
    }
    /** Nothing more comes, and what was received is stored. */
    const settled = async () => {
      let last = -1
      return await eventually(async () => {
        const now = await counts()
        const still = now.received === last
        last = now.received
        return still && now.stored + now.dropped >= now.received ? now : undefined
      }, STORED_TIMEOUT_MS)
    }
    await sendAt(WARM_PER_SECOND, WARM_SECONDS)
    const before = await settled()
    const cpuBefore = readCpu(running)
    const dropsBefore = udpDrops(port)
    using memory = sampleMemory(running)
    progress(`${options.name}: ${documentsPerSecond} documents a second for ${seconds} s`)
    const sent = await sendAt(documentsPerSecond, seconds)
    const ended = performance.now()
    const after = await settled()
    const storedAfterSeconds = Number(((performance.now() - ended) / 1000).toFixed(2))
    const received = after.received - before.received
    const drops = udpDrops(port)
    const lossPercent = Number((100 * (1 - received / sent.documents)).toFixed(3))
    return {
      loadBefore,
      documentsPerSecond: { asked: documentsPerSecond, sent: sent.documents_per_s },
      sent: sent.documents,
      received,
      stored: after.stored - before.stored,
      lossPercent,
      ...(drops === undefined || dropsBefore === undefined ? {} : { lostByKernel: drops - dropsBefore }),
      dropped: after.dropped - before.dropped,
      storedAfterSeconds,
      cpuSecondsPerMillion: cpuPerMillion(cpuBefore, readCpu(running), received),
      memoryMb: { mostSampled: memory.mostMb(), after: memoryMb(running).rss },
      problems: after.stored - before.stored < received - (after.dropped - before.dropped) ? ['not all is stored'] : [],
    }
  } finally {
    await running.stop()
  }
}
