// What a person wants to know first of a started fnscope: where it listens, what it runs, what it records, where to look.
import type { ConsoleApp } from '../api/console-types.ts'
import { DEFAULT_PORT, type Config } from '../config.ts'
import type { IsolationState } from '../server.ts'
import { ROLES } from '../roles.ts'
import { appLines } from './app-lines.ts'
import type { Painter } from './terminal.ts'

export interface Started {
  readonly url: string
  /** Door → address, `off`, or `closed: reason`. */
  doors(): Readonly<Record<string, string>>
  /** How long each signal is kept, now. */
  readonly retention: Config['retention']
  /** Absent: it runs no functions. */
  readonly isolation?: IsolationState
  apps(): readonly ConsoleApp[]
}

/** The doors that listen, by address; and those that do not, by reason. */
export function openDoors(doors: Readonly<Record<string, string>>): {
  readonly open: Readonly<Record<string, string>>
  readonly closed: Readonly<Record<string, string>>
} {
  const open: Record<string, string> = {}
  const closed: Record<string, string> = {}
  for (const [door, text] of Object.entries(doors)) {
    if (text === 'off' || text.startsWith('closed: ')) closed[door] = text.replace(/^closed: /, '')
    // an address, and what else there is to say of it
    else open[door] = text.split(' ', 1)[0]!
  }
  return { open, closed }
}

export function readyLines(started: Started, config: Config, painter: Painter): string[] {
  const { paint } = painter
  const lines = [`${paint('green', '●')} fnscope is ready at ${paint('cyan', started.url)}`]
  if (config.roles.length < ROLES.length) lines.push(`  roles        ${config.roles.join(', ')}`)
  for (const [door, text] of Object.entries(started.doors())) {
    const shown = text.startsWith('closed: ') ? paint('yellow', text) : text
    lines.push(`  ${door.padEnd(12)} ${shown}`)
  }
  if (started.isolation) lines.push(`  isolation    ${started.isolation.active}: ${started.isolation.says}`)
  lines.push(
    config.sampling === 'all'
      ? '  sampling     every invocation is recorded (the cloud keeps 1/s + 5 %: --sampling cloud)'
      : '  sampling     as on the cloud: 1/s + 5 %, PassThrough functions silent',
    `  kept for     ${formatRetention(started.retention)}, in ${config.storeUrl === undefined ? config.dataDir : 'the ClickHouse of --store'}`,
  )
  for (const app of started.apps()) lines.push('', ...appLines(app, painter))
  return [...lines, '', ...lookLines(started.url, config, painter), ...sendLines(started.doors(), painter)]
}

function formatRetention({ spansDays, logsDays, metricsDays }: Config['retention']): string {
  if (spansDays === logsDays && spansDays === metricsDays) return formatDays(spansDays)
  return `spans ${formatDays(spansDays)}, logs ${formatDays(logsDays)}, metrics ${formatDays(metricsDays)}`
}

function formatDays(days: number): string {
  return Number.isInteger(days) ? `${days} day${days === 1 ? '' : 's'}` : `${Math.round(days * 24)} hours`
}

function lookLines(url: string, config: Config, { paint }: Painter): string[] {
  // the other commands find the default address by themselves
  const prefix = url === `http://127.0.0.1:${DEFAULT_PORT}` ? '' : `FNSCOPE_URL=${url} `
  return [
    `  Look:         ${prefix}npx fnscope traces   (also: logs --follow, functions, invoke NAME)`,
    `  AWS clients:  ${paint('dim', `export AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=fnscope AWS_SECRET_ACCESS_KEY=fnscope AWS_REGION=${config.region} AWS_DEFAULT_REGION=${config.region}`)}`,
  ]
}

/** For functions and programs that run elsewhere: what to paste there, of the doors that are open. */
const SENDERS: readonly (readonly [label: string, door: string, setting: (address: string) => string])[] = [
  ['X-Ray SDKs', 'xray-daemon', (address) => `AWS_XRAY_DAEMON_ADDRESS=${address}`],
  ['OTLP', 'otlp-http', (address) => `OTEL_EXPORTER_OTLP_ENDPOINT=http://${address}`],
  ['Datadog', 'datadog', (address) => `DD_TRACE_AGENT_URL=http://${address}`],
]

function sendLines(doors: Readonly<Record<string, string>>, { paint }: Painter): string[] {
  const { open } = openDoors(doors)
  return SENDERS.flatMap(([label, door, setting]) => {
    const address = open[door]?.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, '127.0.0.1')
    return address === undefined ? [] : [`  ${`${label}:`.padEnd(13)} ${paint('dim', `export ${setting(address)}`)}`]
  })
}
