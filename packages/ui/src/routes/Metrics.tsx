// Metrics of a range: which there are, one of them over time, parted by a dimension; each point leads to a trace.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, type ReactNode } from 'react'
import type { ConsoleMetric, ConsoleMetricColumns } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { clock, count, moment } from '../format.ts'
import { statisticOf, usualStatistic, valueIn, valuesOf } from '../metrics/metric-values.ts'
import styles from '../metrics/metrics.module.css'
import { STATISTICS, type MetricsSearch, type Statistic } from '../page-search.ts'
import { announce } from '../parts/announce.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { useLiveEvents } from '../parts/live-events.ts'
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { rangeParameters } from '../range.ts'

const LineChart = lazy(async () => ({ default: (await import('../charts/LineChart.tsx')).LineChart }))

const COLUMNS = 60
const HUES = 8

export function Metrics(): ReactNode {
  const search = useSearch({ from: '/metrics' })
  const { from, to, live = false, q = '' } = search
  const navigate = useNavigate({ from: '/metrics' })
  const range = rangeParameters({ ...(from && { from }), ...(to && { to }) })
  const { data, error, refetch } = useQuery({
    queryKey: ['metric names', range],
    queryFn: ({ signal }) => api.metricNames(range, signal),
    placeholderData: keepPreviousData,
  })
  useLiveEvents(['graph'], live, { on: () => void refetch(), missed: () => void refetch() })
  const change = (part: MetricsSearch): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: 'q' in part })
  if (error !== null && data === undefined)
    return (
      <div className={styles['main']}>
        <h1>Metrics</h1>
        <Failure what="The metrics could not be read" error={error} onRetry={() => void refetch()} />
      </div>
    )
  if (data === undefined) return <Skeleton label="Metrics" />
  if (data.metrics.length === 0)
    return (
      <EmptyState title="No metric in this time">
        <h1 className="unseen">Metrics</h1>
        <p>
          Each call of a function writes some (namespace AWS/Lambda). A line in CloudWatch’s embedded format makes one
          of your own, as do StatsD, Prometheus and OpenTelemetry at their doors.
        </p>
      </EmptyState>
    )
  const selected =
    data.metrics.find(({ namespace, name }) => name === search.name && namespace === (search.namespace ?? '')) ??
    (search.name === undefined ? data.metrics[0] : undefined)
  const shown = data.metrics.filter(({ namespace, name }) =>
    `${namespace} ${name}`.toLowerCase().includes(q.toLowerCase()),
  )
  return (
    <div className={styles['page']}>
      <nav className={styles['names']} aria-label="Metrics">
        <div>
          <h1>Metrics</h1>
          <input
            type="search"
            data-search
            aria-label="Find a metric"
            placeholder="Find a metric"
            value={q}
            onChange={({ target }) => change({ q: target.value || undefined })}
          />
          {data.more && <p>The first of very many: narrow the time to see all.</p>}
        </div>
        <ul>
          {[...Map.groupBy(shown, ({ namespace }) => namespace)].map(([namespace, metrics]) => (
            <li key={namespace}>
              <h2>{namespace === '' ? 'No namespace' : namespace}</h2>
              <ul>
                {metrics.map((metric) => (
                  <li key={metric.name}>
                    <button
                      type="button"
                      className="plain"
                      aria-pressed={metric === selected}
                      onClick={() =>
                        change({ name: metric.name, namespace: namespace || undefined, by: undefined, stat: undefined })
                      }
                    >
                      <span className="cut grow">{metric.name}</span>
                      <span className={metric === selected ? '' : 'dim'}>{count(metric.series)}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </nav>
      {selected === undefined ? (
        <EmptyState title={`No ${search.name} in this time`}>
          <p>It has no point here: choose a longer time, or another metric.</p>
        </EmptyState>
      ) : (
        <OneMetric
          key={`${selected.namespace} ${selected.name}`}
          metric={selected}
          range={range}
          search={search}
          onChange={change}
        />
      )}
    </div>
  )
}

interface OneMetricProps {
  readonly metric: ConsoleMetric
  readonly range: { readonly since: string; readonly until?: string }
  readonly search: MetricsSearch & { readonly live?: boolean | undefined }
  readonly onChange: (part: MetricsSearch) => void
}

function OneMetric({ metric, range, search, onChange }: OneMetricProps): ReactNode {
  const navigate = useNavigate()
  const { namespace, name, unit, kind, dimensions } = metric
  const { by, stat = usualStatistic(kind, unit), live = false } = search
  const asked = { ...range, namespace, name, by, columns: COLUMNS, limit: 10 }
  const { data, error, refetch } = useQuery({
    queryKey: ['metric columns', asked],
    queryFn: ({ signal }) => api.metricColumns(asked, signal),
    placeholderData: keepPreviousData,
  })
  useLiveEvents(['graph'], live, { on: () => void refetch() })
  const format = useCallback((value: number) => valueIn(unit, value), [unit])
  const lines = useMemo(
    () =>
      (data?.parts ?? []).map(({ value, cells }, index) => ({
        name: value,
        color: `--hue-${index % HUES}`,
        values: valuesOf(cells, data?.columns ?? 0, stat),
      })),
    [data, stat],
  )
  const pick = (column: number, line: number): void => {
    const traceId = data?.parts[line]?.cells.find((cell) => cell.column === column)?.traceId
    if (traceId === undefined) announce('No trace stands behind this point.')
    else void navigate({ to: '/trace/$id', params: { id: traceId } })
  }
  return (
    <section className={styles['main']} tabIndex={0} aria-label={name}>
      <div className="row">
        <h2 className="grow">
          {name} <span className="dim">{[namespace, unit, kind].filter((part) => part !== '').join(' · ')}</span>
        </h2>
        <label className="row">
          Statistic
          <select value={stat} onChange={({ target }) => onChange({ stat: target.value as Statistic })}>
            {STATISTICS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label className="row">
          Split by
          <select value={by ?? ''} onChange={({ target }) => onChange({ by: target.value || undefined })}>
            <option value="">nothing</option>
            {[...dimensions, 'service'].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      {metric.description !== '' && <p>{metric.description}</p>}
      {error !== null && <Failure what="Its points could not be read" error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Skeleton label={name} />
      ) : (
        <>
          {by !== undefined && (
            <ul className={styles['legend']}>
              {lines.map((line) => (
                <li key={line.name}>
                  <i style={{ color: `var(${line.color})` }} />
                  {line.name === '' ? `without ${by}` : line.name}
                </li>
              ))}
              {data.parts.length === 10 && <li className="dim">The ten with the most samples</li>}
            </ul>
          )}
          <Suspense fallback={<Skeleton label="Chart" />}>
            <LineChart
              label={`${name}, ${stat}`}
              startMs={data.startMs}
              columnMs={data.columnMs}
              lines={lines}
              format={format}
              onPick={pick}
            />
          </Suspense>
          <p className="dim">A press on a point opens the trace of its largest sample.</p>
          <Points of={data} unit={unit} stat={stat} by={by} />
        </>
      )}
    </section>
  )
}

interface PointsProps {
  readonly of: ConsoleMetricColumns
  readonly unit: string
  readonly stat: Statistic
  readonly by: string | undefined
}

interface Point {
  /** Of the dimension. */
  readonly value: string
  readonly cell: ConsoleMetricColumns['parts'][number]['cells'][number]
}

/** The chart as a table, newest first. */
function Points({ of, unit, stat, by }: PointsProps): ReactNode {
  const rows: readonly Point[] = of.parts
    .flatMap(({ value, cells }) => cells.map((cell) => ({ value, cell })))
    .toSorted((a, b) => b.cell.column - a.cell.column)
  const fromMs = ({ cell }: Point): number => of.startMs + cell.column * of.columnMs
  const columns: readonly PlainColumn<Point>[] = [
    { name: 'From', render: (point) => <span title={moment(fromMs(point))}>{clock(fromMs(point))}</span> },
    ...(by === undefined ? [] : [{ name: by, render: ({ value }: Point) => (value === '' ? '·' : value) }]),
    { name: stat, number: true, render: ({ cell }) => valueIn(unit, statisticOf(cell, stat)) },
    { name: 'Samples', number: true, render: ({ cell }) => count(cell.count) },
    { name: 'Least', number: true, render: ({ cell }) => valueIn(unit, cell.min) },
    { name: 'Most', number: true, render: ({ cell }) => valueIn(unit, cell.max) },
    {
      name: 'Trace',
      render: ({ cell: { traceId } }) =>
        traceId === undefined ? (
          '·'
        ) : (
          <Link to="/trace/$id" params={{ id: traceId }}>
            {traceId}
          </Link>
        ),
    },
  ]
  return (
    <div className={styles['table']} tabIndex={0} role="region" aria-label="Points">
      <PlainTable columns={columns} rows={rows} rowKey={({ value, cell }) => `${value} ${cell.column}`} />
    </div>
  )
}
