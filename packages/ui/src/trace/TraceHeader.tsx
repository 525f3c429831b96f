// What a trace is, in two lines: root, time, duration, spans, services, what failed, the numbers of REPORT.
import { useMemo, type ReactNode } from 'react'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { count, duration, moment } from '../format.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Status, statusOf } from '../parts/Status.tsx'
import { blameOf } from './blame.ts'
import { FLAG, type SpanTree } from './rows.ts'
import { reportOf } from './trace-logs.ts'
import styles from './trace.module.css'

export interface TraceHeaderProps {
  readonly tree: SpanTree
  readonly lines: readonly ConsoleLogLine[]
}

const MOST_SERVICES = 12

export function TraceHeader({ tree, lines }: TraceHeaderProps): ReactNode {
  const { columns } = tree
  const { spans, words } = columns
  const services = useMemo(() => countServices(tree), [tree])
  const report = useMemo(() => lines.map(({ body }) => reportOf(body)).find((one) => one !== undefined), [lines])
  const flags = spans.flags.reduce((all, one) => all | one, 0)
  const root = spans.flags.findIndex((one) => (one & FLAG.segment) !== 0)
  const name = words[spans.name[Math.max(0, root)]!] ?? ''
  const failedAt = spans.flags.findIndex((one) => (one & (FLAG.fault | FLAG.error | FLAG.throttle)) !== 0)
  const blame = failedAt < 0 ? undefined : blameOf(tree, failedAt)
  const status = statusOf({
    error: (flags & FLAG.error) !== 0,
    fault: (flags & FLAG.fault) !== 0,
    throttle: (flags & FLAG.throttle) !== 0,
  })
  return (
    <header className={styles['header']}>
      <div className={styles['title']}>
        <h1 className="cut" title={name.slice(0, 500)}>
          {name.slice(0, 300) || '(no name)'}
        </h1>
        <Status status={status} {...(blame && { text: blame.words })} />
        <code className="dim cut">{columns.id}</code>
        <CopyButton text={columns.id} label="Copy the trace id" />
      </div>
      <p className={styles['facts']}>
        <span>{moment(columns.startMs)}</span>
        <span>
          <b>{duration(columns.durationMs)}</b>
        </span>
        <span>
          <b>{count(columns.spanCount)}</b> spans
        </span>
        {columns.failed > 0 && (
          <span>
            <b>{count(columns.failed)}</b> failed
          </span>
        )}
        {(flags & FLAG.coldStart) !== 0 && (
          <span>cold start{report?.initMs === undefined ? '' : ` (init ${duration(report.initMs)})`}</span>
        )}
        {report && (
          <span>
            billed <b>{duration(report.billedMs)}</b>, memory <b>{report.usedMb}</b> of {report.memoryMb} MB
          </span>
        )}
      </p>
      <p className={styles['services']}>
        {services.slice(0, MOST_SERVICES).map(({ name: service, hue, spans: number }) => (
          <span key={service}>
            <i data-hue={hue} aria-hidden />
            {service.slice(0, 60) || '(no service)'} <span className="dim">{count(number)}</span>
          </span>
        ))}
        {services.length > MOST_SERVICES && (
          <span className="dim">and {services.length - MOST_SERVICES} more services</span>
        )}
      </p>
    </header>
  )
}

function countServices({ columns: { spans, words }, hueOf }: SpanTree): { name: string; hue: number; spans: number }[] {
  const counts = new Map<number, number>()
  for (const service of spans.service) counts.set(service, (counts.get(service) ?? 0) + 1)
  return [...counts].map(([place, number]) => ({ name: words[place]!, hue: hueOf.get(place) ?? 0, spans: number }))
}
