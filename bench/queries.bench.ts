// The questions to fnscope when the spans in it are of a whole hour and of a whole day, as where it has run for that long:
// ingest.bench.ts asks about spans that all lie in the few minutes of its own run.
//   node bench/queries.bench.ts    SIZES=1000000,5000000 HOURS=1,24 PROTOCOLS=otlp-http RATE=75000
import { eventually } from '../test/started-fnscope.ts'
import { askAll, type Answers } from './ingest/ask-all.ts'
import { fnscopeSubject } from './ingest/fnscope.ts'
import { buildLoadgen } from './ingest/loadgen.ts'
import { readMetrics } from './ingest/metrics.ts'
import { readPlan } from './ingest/plan.ts'
import type { Protocol } from './ingest/subject.ts'
import { questionsTable, workTable } from './ingest/table.ts'
import { pause, Trial } from './ingest/trial.ts'
import { load, report } from './measure.ts'

const numbers = (name: string, fallback: string): number[] => (process.env[name] ?? fallback).split(',').map(Number)
const SIZES = numbers('SIZES', '1000000,5000000')
const HOURS = numbers('HOURS', '1,24')
/** Spans a second beside the questions; 0: half of what the filling reached. */
const RATE = Number(process.env['RATE'] ?? 0)
const ARGS = (process.env['FNSCOPE_ARGS'] ?? '').split(' ').filter((arg) => arg !== '')
const protocol = (process.env['PROTOCOLS'] ?? 'otlp-http') as Protocol
/** The service graph of a day is computed by the minute, in the background. */
const GRAPH_TIMEOUT_MS = 600_000

const subject = fnscopeSubject('fnscope', ARGS)
const plan = readPlan()
const answered: { title: string; answers: Answers }[] = []
const problems: string[] = []

/** Seconds until every minute of the graph is computed that was touched; undefined when they do not get done. */
async function graphSeconds(trial: Trial): Promise<number | undefined> {
  const began = performance.now()
  try {
    await eventually(async () => {
      const waiting = (await readMetrics(trial.running.metricsUrl!))('fnscope_graph_spans_waiting')
      return waiting === 0 || undefined
    }, GRAPH_TIMEOUT_MS)
    return Number(((performance.now() - began) / 1000).toFixed(1))
  } catch {
    return undefined
  }
}

async function measure(spans: number, hours: number): Promise<void> {
  const title = `queries ${spans} spans of ${hours} h`
  const problem = (text: string): void => void problems.push(`${title}: ${text}`)
  const loadBefore = load()
  await using trial = new Trial({ subject, protocol, spans, problem })
  await trial.start()
  const sent = await trial.send({ spans, seconds: plan.fillSeconds, historyHours: hours })
  await trial.untilStored()
  const graphAfterSeconds = await graphSeconds(trial)
  if (graphAfterSeconds === undefined) problem('minutes of the graph are still waiting')
  await pause(plan.settleSeconds)
  const answers = await askAll({
    running: trial.running,
    idsFile: trial.idsFile,
    lastIds: 0,
    count: plan.count,
    spansBefore: trial.acked,
    beside: { ...trial.sending, rate: RATE || sent.acked_spans_per_s / 2 },
    problem,
  })
  answered.push({ title: `${hours} h`, answers })
  report(title, { loadBefore, protocol, fill: sent, graphAfterSeconds, answers, loadAfter: load() })
}

buildLoadgen()
for (const spans of SIZES) {
  for (const hours of HOURS) {
    try {
      await measure(spans, hours)
    } catch (error) {
      problems.push(`queries ${spans} spans of ${hours} h: ${String(error)}`)
    }
  }
}
console.log(`\n${[questionsTable(answered), workTable(answered)].filter(Boolean).join('\n\n')}\n`)
for (const problem of problems) console.log(`PROBLEM ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
