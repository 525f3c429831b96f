// Log lines of a range: found by words, members of their JSON, level and function; told as they come in while one watches.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState, type ReactNode } from 'react'
import type { ConsoleLogHistogram, ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { Bars } from '../charts/Bars.tsx'
import { clock, count, moment } from '../format.ts'
import { joined, keyed, merged } from '../logs/keyed-lines.ts'
import { LEVEL_COLORS, Level } from '../logs/Level.tsx'
import { LineDrawer } from '../logs/LineDrawer.tsx'
import { isWanted, parseLogQuery, withField } from '../logs/log-query.ts'
import { LogList } from '../logs/LogList.tsx'
import styles from '../logs/logs.module.css'
import { useLogTail } from '../logs/use-log-tail.ts'
import { LEVELS, type LogsSearch } from '../page-search.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { saveAs } from '../parts/save-as.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { rangeParameters } from '../range.ts'

const PAGE = 1000
const COLUMNS = 60

export function Logs(): ReactNode {
  const search = useSearch({ from: '/logs' })
  const { from, to, live = false, q = '', levels = '', col = '', sel, function: name, trace, request } = search
  const navigate = useNavigate({ from: '/logs' })
  const [at, setAt] = useState(-1)
  const [isPaused, setPaused] = useState(false)
  const [isAtTop, setAtTop] = useState(true)
  const change = (part: LogsSearch): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: 'q' in part })
  const query = useMemo(() => parseLogQuery(q), [q])
  const conditions = {
    filter: query.words.join(' '),
    ...(Object.keys(query.fields).length > 0 && { fields: JSON.stringify(query.fields) }),
    levels,
    function: name,
    trace,
    request,
  }
  const range = rangeParameters({ ...(from && { from }), ...(to && { to }) })
  const asked = { ...range, ...conditions }
  const pages = useInfiniteQuery({
    queryKey: ['logs', asked],
    queryFn: ({ pageParam, signal }) =>
      api.logs({ ...asked, ...(pageParam !== undefined && { until: pageParam }), limit: PAGE }, signal),
    initialPageParam: undefined as number | undefined,
    // Those of the same microsecond come again, and are there once.
    getNextPageParam: ({ lines }) => (lines.length < PAGE ? undefined : lines[0]!.timeMs + 0.001),
    placeholderData: keepPreviousData,
  })
  const histogram = useQuery({
    queryKey: ['log histogram', asked],
    queryFn: ({ signal }) => api.logHistogram({ ...asked, columns: COLUMNS }, signal),
    placeholderData: keepPreviousData,
  })
  const functions = useQuery({
    queryKey: ['functions', range],
    queryFn: ({ signal }) => api.functionFigures(range, signal),
    staleTime: 30_000,
  })
  const { refetch } = pages
  const wanted = levels === '' ? [] : levels.split(',')
  const tail = useLogTail({
    isOn: live,
    isHeld: isPaused || !isAtTop,
    isWanted: (line) => isWanted(line, { ...query, function: name, levels: wanted, trace, request }),
    question: JSON.stringify(conditions),
    onMissed: () => void refetch(),
  })
  const stored = useMemo(() => {
    return keyed(joined((pages.data?.pages ?? []).map((page) => page.lines.toReversed())))
  }, [pages.data])
  const lines = useMemo(
    () => (tail.lines.length === 0 ? stored : keyed(merged(tail.lines, stored))),
    [tail.lines, stored],
  )
  const columns = col === '' ? [] : col.split(',')
  const open = lines.find(({ key }) => key === sel)
  const move = (step: number): void => setAt((before) => Math.max(0, Math.min(lines.length - 1, before + step)))
  useShortcuts('Logs', [
    { keys: 'Space', does: 'Pause or go on', run: () => setPaused((before) => !before) },
    { keys: 'j', does: 'Next line', run: () => move(1) },
    { keys: 'k', does: 'Previous line', run: () => move(-1) },
    { keys: 'Enter', does: 'Open the line', run: () => lines[at] && change({ sel: lines[at].key }) },
  ])
  const toggleLevel = (level: string): void => {
    const next = wanted.includes(level) ? wanted.filter((one) => one !== level) : [...wanted, level]
    change({ levels: next.join(',') || undefined })
  }
  const toggleColumn = (path: string): void => {
    const next = columns.includes(path) ? columns.filter((one) => one !== path) : [...columns, path]
    change({ col: next.join(',') || undefined })
  }
  const isNarrowed = q !== '' || levels !== '' || name !== undefined || trace !== undefined || request !== undefined
  const names = [...new Set([...(functions.data?.functions ?? []).map((one) => one.name), ...(name ? [name] : [])])]
  const total = histogram.data?.lines ?? lines.length
  return (
    <div className={styles['page']}>
      <div className={styles['main']}>
        <div className={styles['bar']}>
          <h1>Logs</h1>
          <input
            type="search"
            data-search
            aria-label="Search log lines"
            placeholder="Words, or member:value like order.id:7"
            value={q}
            onChange={({ target }) => change({ q: target.value || undefined })}
          />
          <select
            aria-label="Function"
            value={name ?? ''}
            onChange={({ target }) => change({ function: target.value || undefined })}
          >
            <option value="">Every function and service</option>
            {names.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
          <div className={styles['levels']} role="group" aria-label="Levels">
            {LEVELS.map((level) => (
              <button
                key={level}
                type="button"
                aria-pressed={wanted.includes(level)}
                onClick={() => toggleLevel(level)}
              >
                {level === 'none' ? 'no level' : <Level level={level} />}
              </button>
            ))}
          </div>
        </div>
        <div className={styles['histogram']}>
          {histogram.data && (
            <LogHistogram
              of={histogram.data}
              onPick={(range_) => void navigate({ search: (before) => ({ ...before, ...range_ }) })}
            />
          )}
        </div>
        <div className={styles['note']}>
          <span>
            {lines.length >= total
              ? `${count(lines.length)} lines`
              : `The newest ${count(lines.length)} of ${count(total)} lines`}
          </span>
          {pages.hasNextPage && (
            <button type="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              Load older
            </button>
          )}
          {live && (
            <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
              {isPaused ? 'Paused' : 'Pause'}
            </button>
          )}
          {tail.waiting > 0 && (
            <button type="button" className="primary" onClick={tail.release}>
              {count(tail.waiting)} new
            </button>
          )}
          {trace !== undefined && <Chip text={`trace ${trace}`} onDrop={() => change({ trace: undefined })} />}
          {request !== undefined && <Chip text={`request ${request}`} onDrop={() => change({ request: undefined })} />}
          <span className="grow" />
          <button
            type="button"
            disabled={lines.length === 0}
            onClick={() =>
              saveAs('logs.json', new Blob([JSON.stringify(lines, null, 1)], { type: 'application/json' }))
            }
          >
            Save JSON
          </button>
          <button
            type="button"
            disabled={lines.length === 0}
            onClick={() => saveAs('logs.csv', new Blob([csvOf(lines)], { type: 'text/csv' }))}
          >
            Save CSV
          </button>
        </div>
        {pages.error !== null && (
          <Failure what="The log lines could not be read" error={pages.error} onRetry={() => void refetch()} />
        )}
        {pages.data === undefined ? (
          pages.error === null && <Skeleton label="Log lines" />
        ) : lines.length === 0 ? (
          <EmptyState title={isNarrowed ? 'No line meets all of that' : 'No log line in this time'}>
            {isNarrowed ? (
              <button
                type="button"
                onClick={() =>
                  change({ q: undefined, levels: undefined, function: undefined, trace: undefined, request: undefined })
                }
              >
                Drop all filters
              </button>
            ) : (
              <p>
                What functions print is here within a second, and so is what SDKs send to the doors of OpenTelemetry,
                CloudWatch and DataKit.
              </p>
            )}
          </EmptyState>
        ) : (
          <LogList
            lines={lines}
            columns={columns}
            at={at}
            onMove={setAt}
            onOpen={({ key }) => change({ sel: key })}
            open={sel}
            onRemoveColumn={toggleColumn}
            onTop={(isTop) => {
              setAtTop(isTop)
              if (isTop && !isPaused && tail.waiting > 0) tail.release()
            }}
          />
        )}
      </div>
      {open && (
        <LineDrawer
          line={open}
          columns={columns}
          onClose={() => change({ sel: undefined })}
          onFilter={(path, value) => change({ q: withField(q, path, value) })}
          onColumn={toggleColumn}
        />
      )}
    </div>
  )
}

function Chip({ text, onDrop }: { readonly text: string; readonly onDrop: () => void }): ReactNode {
  return (
    <button type="button" aria-label={`Drop the filter ${text}`} onClick={onDrop}>
      {text} ✕
    </button>
  )
}

interface LogHistogramProps {
  readonly of: ConsoleLogHistogram
  readonly onPick: (range: { readonly from: string; readonly to: string }) => void
}

function LogHistogram({ of, onPick }: LogHistogramProps): ReactNode {
  const columns = Map.groupBy(of.cells, ({ column }) => column)
  const startOf = (column: number): number => of.startMs + column * of.columnMs
  return (
    <Bars
      label="Log lines over time"
      heightPx={48}
      ends={[clock(of.startMs), clock(of.endMs)]}
      onPick={({ key }) =>
        onPick({ from: String(Math.floor(startOf(Number(key)))), to: String(Math.ceil(startOf(Number(key) + 1))) })
      }
      bars={Array.from({ length: of.columns }, (_, column) => {
        const cells = columns.get(column) ?? []
        const said = cells.map(({ level, lines }) => `${count(lines)} ${level === 'none' ? 'without a level' : level}`)
        return {
          key: String(column),
          text: `${moment(startOf(column))}: ${said.join(', ') || 'nothing'}`,
          parts: cells.map(({ level, lines }) => ({ name: level, value: lines, color: LEVEL_COLORS[level] })),
        }
      })}
    />
  )
}

const CSV_NAMES = ['timeMs', 'level', 'function', 'logGroup', 'logStream', 'requestId', 'traceId', 'body'] as const

function csvOf(lines: readonly ConsoleLogLine[]): string {
  const quoted = (value: string | number | undefined): string => `"${String(value ?? '').replaceAll('"', '""')}"`
  const rows = lines.map((line) => CSV_NAMES.map((name) => quoted(line[name])).join(','))
  return [CSV_NAMES.join(','), ...rows].join('\r\n')
}
