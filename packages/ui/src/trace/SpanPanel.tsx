// All of one span, beside the waterfall. Whatever it says is text.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import type { ConsoleException, ConsoleSpanDetail } from '../../../fnscope/src/api/console-trace-types.ts'
import { api } from '../api.ts'
import { clock, duration, moment } from '../format.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Drawer } from '../parts/Drawer.tsx'
import { Failure } from '../parts/Failure.tsx'
import { KeyValue } from '../parts/KeyValue.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { blameOf } from './blame.ts'
import { attributeGroups } from './attribute-groups.ts'
import { outside, selfUs, type SpanTree } from './rows.ts'
import styles from './trace.module.css'

export interface SpanPanelProps {
  readonly traceId: string
  readonly tree: SpanTree
  readonly row: number
  readonly logs: readonly ConsoleLogLine[]
  readonly onClose: () => void
  readonly onFilter: (key: string, value: unknown, exclude: boolean) => void
}

export function SpanPanel({ traceId, tree, row, logs, onClose, onFilter }: SpanPanelProps): ReactNode {
  const spanId = tree.columns.spans.id[row]!
  const { data, error, refetch } = useQuery({
    queryKey: ['span', traceId, spanId, tree.columns.spans.durationUs[row]],
    queryFn: ({ signal }) => api.span(traceId, spanId, signal),
  })
  const name = tree.columns.words[tree.columns.spans.name[row]!]!
  return (
    <Drawer
      label={name === '' ? '(no name)' : name.slice(0, 200)}
      onClose={onClose}
      actions={<CopyButton text={spanId} label="Copy the span's id" />}
    >
      {error !== null && <Failure what="The span could not be read" error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton label="Span" />}
      {data !== undefined && <Details span={data} tree={tree} row={row} logs={logs} onFilter={onFilter} />}
    </Drawer>
  )
}

type DetailsProps = Pick<SpanPanelProps, 'tree' | 'row' | 'logs' | 'onFilter'> & { readonly span: ConsoleSpanDetail }

function Details({ span, tree, row, logs, onFilter }: DetailsProps): ReactNode {
  const blame = blameOf(tree, row)
  const out = outside(tree, row)
  const groups = attributeGroups(span)
  return (
    <div className={styles['panel']}>
      {blame && (
        <p className={styles['panelBlame']} data-whose={blame.whose}>
          <strong>{blame.words}</strong>
          {span.exception !== undefined && `: ${span.exception}`}
          {span.exception === undefined && span.statusMessage !== undefined && `: ${span.statusMessage}`}
        </p>
      )}
      <KeyValue values={overview(span, tree, row)} />
      {out && <p className="dim">{outsideWords(out)}</p>}
      {span.exceptions.map((exception, at) => (
        <Exception key={at} exception={exception} />
      ))}
      {span.causeId !== undefined && (
        <p>Its cause is exception {span.causeId}, recorded at another span of this trace.</p>
      )}
      {groups.map(({ name, values }) => (
        <Section key={name} name={name}>
          <KeyValue values={values} />
        </Section>
      ))}
      {Object.keys(span.annotations).length > 0 && (
        <Section name="Annotations" note="indexed: traces are found by them">
          <KeyValue values={span.annotations} onFilter={onFilter} />
        </Section>
      )}
      {span.metadata !== undefined && (
        <Section name="Metadata" note="not indexed: kept, but no search finds it">
          <KeyValue values={span.metadata as Readonly<Record<string, unknown>>} />
        </Section>
      )}
      {logs.length > 0 && (
        <Section name={`Logs (${logs.length})`}>
          <ol className={styles['panelLogs']}>
            {logs.map((line) => (
              <li key={line.received + line.body}>
                <span className="dim mono">{clock(line.timeMs)}</span> <pre>{line.body}</pre>
              </li>
            ))}
          </ol>
        </Section>
      )}
      {span.events.length > 0 && (
        <Section name={`Events (${span.events.length})`}>
          {span.events.map((event, at) => (
            <Fragment key={at}>
              <p>
                <span className="dim mono">{clock(event.atMs)}</span> {event.name}
              </p>
              <KeyValue values={event.attributes} />
            </Fragment>
          ))}
        </Section>
      )}
      {span.links.length > 0 && (
        <Section name={`Links (${span.links.length})`}>
          {span.links.map((link, at) => (
            <Fragment key={at}>
              <p>
                <Link
                  to="/trace/$id"
                  params={{ id: link.traceId }}
                  search={link.spanId === undefined ? {} : { sel: link.spanId }}
                >
                  {link.traceId}
                </Link>
              </p>
              <KeyValue values={link.attributes} />
            </Fragment>
          ))}
        </Section>
      )}
      {Object.keys(span.resource).length > 0 && (
        <Section name="Resource" closed>
          <KeyValue values={span.resource} />
        </Section>
      )}
      <Section name="Raw" closed>
        <div className={styles['raw']}>
          <CopyButton text={JSON.stringify(span, null, 2)} label="Copy as JSON" />
          <pre>{JSON.stringify(span, null, 2).slice(0, 100_000)}</pre>
        </div>
      </Section>
    </div>
  )
}

function outsideWords({ beforeUs, afterUs }: { readonly beforeUs: number; readonly afterUs: number }): string {
  const parts = [
    ...(beforeUs > 0 ? [`${duration(beforeUs / 1000)} before its parent began`] : []),
    ...(afterUs > 0 ? [`${duration(afterUs / 1000)} after its parent ended`] : []),
  ]
  return `It lies ${parts.join(' and ')}: an asynchronous call, a phase before the handler, or clocks that differ. Nothing was corrected.`
}

function overview(span: ConsoleSpanDetail, tree: SpanTree, row: number): Record<string, unknown> {
  const known: Record<string, unknown> = {
    service: span.service,
    type: span.origin ?? span.namespace,
    start: `${moment(span.startMs)} (+${duration(tree.columns.spans.startUs[row]! / 1000)})`,
    duration: span.inProgress ? 'in progress' : duration(span.durationMs),
    'own time': span.inProgress ? undefined : duration(selfUs(tree, row) / 1000),
    'told by': (span.sources ?? [span.source]).join(', '),
    request: span.requestId,
    account: span.accountId,
    resource: span.resourceArn,
    user: span.user,
    'sent in trace': span.traceId,
    id: span.id,
    parent: span.parentId,
    'left out': leftOut(span.dropped),
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== ''))
}

function leftOut({ attributes, events, links }: ConsoleSpanDetail['dropped']): string | undefined {
  if (attributes + events + links === 0) return undefined
  return `${attributes} attributes, ${events} events, ${links} links, by its sender`
}

function Section({
  name,
  note,
  closed = false,
  children,
}: {
  readonly name: string
  readonly note?: string
  readonly closed?: boolean
  readonly children: ReactNode
}): ReactNode {
  return (
    <details open={!closed}>
      <summary>
        {name} {note !== undefined && <span className="dim">{note}</span>}
      </summary>
      {children}
    </details>
  )
}

function Exception({ exception: { type, message, frames } }: { readonly exception: ConsoleException }): ReactNode {
  return (
    <section className={styles['exception']}>
      <h3>{type ?? 'Exception'}</h3>
      {message !== undefined && <pre>{message}</pre>}
      {frames.length > 0 && (
        <ol>
          {frames.map(({ path, line, label }, at) => (
            <li key={at}>
              <code>
                {label ?? '?'} <span className="dim">{`${path ?? ''}${line === undefined ? '' : `:${line}`}`}</span>
              </code>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
