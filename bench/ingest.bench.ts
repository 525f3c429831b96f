// Ingest at full speed, what it costs, and the questions afterwards: fnscope beside others, in one go.
//   node bench/ingest.bench.ts    SPANS=5000000 DURATION=40 PEERS=fnscope,jaeger-memory PROTOCOLS=otlp-http,xray-udp
import { buildLoadgen } from './ingest/loadgen.ts'
import type { Figures } from './ingest/figures.ts'
import { fnscopeSubject } from './ingest/fnscope.ts'
import { measureSubject } from './ingest/measure-subject.ts'
import { measureUdp, type UdpFigures } from './ingest/measure-udp.ts'
import { readPlan } from './ingest/plan.ts'
import type { Protocol, Subject } from './ingest/subject.ts'
import { disksTable, ingestTable, questionsTable, udpTable } from './ingest/table.ts'
import { report } from './measure.ts'
import { jaegerSubject } from './peers/jaeger.ts'
import { otelcolClickhouseSubject, otelcolNopSubject } from './peers/otelcol.ts'
import { zipkinSubject } from './peers/zipkin.ts'

const ARGS = (process.env['FNSCOPE_ARGS'] ?? '').split(' ').filter((arg) => arg !== '')
/** How fnscope is called in the results, where it is started in another way than usual. */
const NAME = process.env['NAME'] ?? ['fnscope', ...ARGS].join(' ')
const DOCUMENTS_PER_SECOND = Number(process.env['UDP_RATE'] ?? 30_000)
const UDP_SECONDS = Number(process.env['UDP_SECONDS'] ?? 30)

const SUBJECTS: readonly Subject[] = [
  fnscopeSubject(NAME, ARGS),
  otelcolClickhouseSubject,
  jaegerSubject('badger'),
  jaegerSubject('memory'),
  zipkinSubject,
  otelcolNopSubject,
]

const plan = readPlan()
const names = process.env['PEERS']?.split(',')
const protocols = (process.env['PROTOCOLS'] ?? 'otlp-http,otlp-grpc,zipkin-http,xray-udp').split(',') as Protocol[]
const wanted = SUBJECTS.filter(
  ({ name }) => names === undefined || names.includes(name) || (name === NAME && names.includes('fnscope')),
)

const figures: Figures[] = []
const problems: string[] = []
let udp: UdpFigures | undefined

buildLoadgen()
for (const subject of wanted) {
  const missing = subject.missing()
  if (missing !== undefined) {
    problems.push(`${subject.name}: ${missing}`)
    continue
  }
  for (const protocol of protocols.filter((each) => subject.protocols.includes(each))) {
    const title = `ingest ${subject.name} ${protocol}`
    try {
      if (protocol === 'xray-udp') {
        const options = { name: NAME, args: ARGS, documentsPerSecond: DOCUMENTS_PER_SECOND, seconds: UDP_SECONDS }
        udp = await measureUdp(options)
        report(title, { ...udp })
        problems.push(...udp.problems.map((text) => `${title}: ${text}`))
      } else {
        const measured = await measureSubject(subject, protocol, plan)
        figures.push(measured)
        report(title, { ...measured })
        problems.push(...measured.problems.map((text) => `${title}: ${text}`))
      }
    } catch (error) {
      problems.push(`${title}: ${String(error)}`)
    }
  }
}

const answered = figures.flatMap(({ subject, protocol, questions }) =>
  Object.values(questions).map((answers) => ({ title: `${subject}, ${protocol}`, answers })),
)
const tables = [ingestTable(figures), questionsTable(answered), disksTable(figures), udp && udpTable(NAME, udp)]
console.log(`\n${tables.filter(Boolean).join('\n\n')}\n`)
for (const problem of problems) console.log(`PROBLEM ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
