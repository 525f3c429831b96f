// `fnscope metrics`: what each function did, in CloudWatch's figures; or any PromQL question with --query.
import type { Command } from 'commander'
import { createClient, type Client } from './client.ts'
import { sinceMsOf, type JsonOption, type Terminal } from './command.ts'
import { functionNamed, readFunctions, tellIfUnknown } from './known-functions.ts'
import { formatDuration, printableLine } from './terminal.ts'

interface MetricsOptions extends JsonOption {
  readonly since: string
  readonly query?: string
}

const HELP = `
Examples:
  fnscope metrics                             every function in the last hour
  fnscope metrics HelloWorldFunction --since 1d --json
  fnscope metrics --query 'sum by (function_name) (sum_over_time(aws_lambda_errors_sum[1d]))'
  fnscope metrics --query 'topk(5, max_over_time(aws_lambda_duration_maximum[1h]))'`

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [seconds: number, value: string]
}

interface Answer {
  readonly data:
    | { readonly resultType: 'vector' | 'matrix'; readonly result: readonly Sample[] }
    | { readonly resultType: 'scalar'; readonly result: Sample['value'] }
    | { readonly resultType: 'string'; readonly result: Sample['value'] }
}

/** Field of the answer → metric, and how minutes become one figure. */
const FIGURES = {
  invocations: ['sum', 'invocations_sum'],
  errors: ['sum', 'errors_sum'],
  throttles: ['sum', 'throttles_sum'],
  durationSumMs: ['sum', 'duration_sum'],
  durationMaxMs: ['max', 'duration_maximum'],
  coldStarts: ['sum', 'init_duration_sample_count'],
  initMaxMs: ['max', 'init_duration_maximum'],
  concurrentMax: ['max', 'concurrent_executions_maximum'],
  memoryMaxMb: ['max', 'max_memory_used_maximum'],
} as const

type Figures = { [Name in keyof typeof FIGURES]?: number }

export function addMetrics(program: Command, terminal: Terminal): void {
  program
    .command('metrics')
    .summary("print functions' figures, or ask for any metric")
    .description(
      'Print what each function did: invocations, errors, throttles, durations, cold starts, concurrency and memory.',
    )
    .argument('[name]', 'function: physical name or logical id')
    .option('--since <time>', 'how far back, in whole minutes: 90s, 10m, 1h, 7d', '1h')
    .option('--query <promql>', 'ask this instead, of any metric')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, options: MetricsOptions) => runMetrics(name, options, terminal))
}

async function runMetrics(name: string | undefined, options: MetricsOptions, terminal: Terminal): Promise<void> {
  const client = createClient(terminal.env)
  const sinceMs = sinceMsOf(options.since)
  if (options.query !== undefined) {
    printAnswer(await ask(client, options.query), options, terminal)
    return
  }
  const wanted = name === undefined ? undefined : (functionNamed(await readFunctions(client), name)?.name ?? name)
  const figures = await readFigures(client, sinceMs)
  const found = [...figures].filter(([each]) => wanted === undefined || each === wanted)
  if (found.length === 0) {
    terminal.notice(`No figures of ${name ?? 'any function'} in the last ${options.since}.`)
    await tellIfUnknown(client, name, terminal)
  }
  for (const [each, figure] of found.sort(([a], [b]) => (a < b ? -1 : 1)))
    terminal.print(options.json ? JSON.stringify({ function: each, ...figure }) : describe(each, figure, terminal))
}

async function ask(client: Client, query: string): Promise<Answer['data']> {
  return (await client.get<Answer>(`/api/v1/query?${new URLSearchParams({ query }).toString()}`)).data
}

async function readFigures(client: Client, sinceMs: number): Promise<ReadonlyMap<string, Figures>> {
  // A minute's figures stand at its beginning.
  const range = `${Math.ceil(sinceMs / 1000) + 60}s`
  const found = new Map<string, Figures>()
  for (const [field, [over, metric]] of Object.entries(FIGURES)) {
    const data = await ask(client, `${over} by (function_name) (${over}_over_time(aws_lambda_${metric}[${range}]))`)
    if (data.resultType === 'scalar' || data.resultType === 'string') continue
    for (const { metric: labels, value } of data.result) {
      const each = labels['function_name'] ?? ''
      found.set(each, { ...found.get(each), [field]: Number(value[1]) })
    }
  }
  return found
}

function describe(name: string, figures: Figures, { out: { paint } }: Terminal): string {
  const { invocations = 0, errors = 0, throttles = 0, durationSumMs, durationMaxMs, coldStarts = 0 } = figures
  const count = (value: number, what: string): string => `${value} ${what}${value === 1 ? '' : 's'}`
  const parts = [
    count(invocations, 'invocation'),
    errors > 0 ? paint('red', count(errors, 'error')) : count(errors, 'error'),
    count(throttles, 'throttle'),
    ...(durationSumMs === undefined || invocations === 0
      ? []
      : [`average ${formatDuration(durationSumMs / invocations)}, longest ${formatDuration(durationMaxMs ?? 0)}`]),
    `${count(coldStarts, 'cold start')}${figures.initMaxMs === undefined ? '' : `, longest ${formatDuration(figures.initMaxMs)}`}`,
    ...(figures.concurrentMax === undefined ? [] : [`${figures.concurrentMax} at once`]),
    ...(figures.memoryMaxMb === undefined ? [] : [`${figures.memoryMaxMb} MB`]),
  ]
  return `${paint('bold', printableLine(name))}\n  ${parts.join('  ')}`
}

function printAnswer(data: Answer['data'], { json }: MetricsOptions, terminal: Terminal): void {
  if (data.resultType === 'scalar' || data.resultType === 'string') {
    terminal.print(json ? JSON.stringify({ value: data.result }) : printableLine(data.result[1]))
    return
  }
  if (data.result.length === 0) terminal.notice('The query finds nothing at this time.')
  for (const sample of data.result) {
    const { __name__: name = '', ...labels } = sample.metric
    const shown = Object.entries(labels).map(([label, value]) => `${label}="${printableLine(value)}"`)
    const value = 'values' in sample ? JSON.stringify(sample.values) : sample.value[1]
    terminal.print(json ? JSON.stringify(sample) : `${name}{${shown.join(', ')}} ${value}`)
  }
}
