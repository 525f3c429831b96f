// The service map of a range: who calls whom, how often, how well and how fast; as a picture or as a table.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useRef, type ReactNode } from 'react'
import { api } from '../api.ts'
import { count } from '../format.ts'
import { pngOf, svgText } from '../map/export-map.ts'
import { grouped, GROUPINGS, MANY_NODES, type Grouping } from '../map/grouped.ts'
import styles from '../map/map.module.css'
import { MapTable } from '../map/MapTable.tsx'
import { NodePanel } from '../map/NodePanel.tsx'
import { ServiceMap } from '../map/ServiceMap.tsx'
import { useLayout } from '../map/use-layout.ts'
import { announce } from '../parts/announce.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { useLiveEvents } from '../parts/live-events.ts'
import { saveAs } from '../parts/save-as.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { rangeParameters } from '../range.ts'

const GROUPING_NAMES: Readonly<Record<Grouping, string>> = {
  none: 'Every node',
  service: 'By service',
  account: 'By account',
  type: 'By type',
}

export function ServiceMapPage(): ReactNode {
  const search = useSearch({ from: '/map' })
  const { from, to, environment, account, live = false, sel, view, q = '' } = search
  const navigate = useNavigate({ from: '/map' })
  const svg = useRef<SVGSVGElement>(null)
  const asked = {
    ...rangeParameters({ ...(from && { from }), ...(to && { to }) }),
    environment,
    account,
    histograms: 1,
  }
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ['map', asked],
    queryFn: ({ signal }) => api.map(asked, signal),
    placeholderData: keepPreviousData,
  })
  useLiveEvents(['graph'], live, { on: () => void refetch(), missed: () => void refetch() })
  const by = search.by ?? ((data?.nodes.length ?? 0) > MANY_NODES ? 'service' : 'none')
  const graph = useMemo(() => (data === undefined ? undefined : grouped(data, by)), [data, by])
  const laidOut = useLayout(graph)
  const change = (part: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: 'q' in part })
  useShortcuts('Map', [
    { keys: 'v', does: 'Picture or table', run: () => change({ view: view === 'table' ? undefined : 'table' }) },
    { keys: 'Escape', does: 'Clear the search', run: () => change({ q: undefined }) },
  ])
  const selected = graph?.nodes.find(({ key }) => key === sel)
  const save = async (kind: 'svg' | 'png'): Promise<void> => {
    if (svg.current === null || laidOut === undefined) return
    const text = svgText(svg.current, laidOut.layout)
    if (kind === 'svg') saveAs('service-map.svg', new Blob([text], { type: 'image/svg+xml' }))
    else saveAs('service-map.png', await pngOf(text, laidOut.layout))
  }
  const onSave = (kind: 'svg' | 'png'): void =>
    void save(kind).catch((problem: unknown) => announce(`The map could not be saved: ${String(problem)}`))
  const fits = graph !== undefined && laidOut?.keys.length === graph.nodes.length
  return (
    <div className={styles['page']}>
      <div className={styles['main']}>
        <div className={styles['bar']}>
          <h1>Service map</h1>
          <input
            type="search"
            data-search
            aria-label="Find a service"
            placeholder="Find a service"
            value={q}
            onChange={(event) => change({ q: event.target.value || undefined })}
            onKeyDown={(event) => {
              const found = graph?.nodes.find(({ name }) => name.toLowerCase().includes(q.toLowerCase()))
              if (event.key === 'Enter' && q !== '' && found) change({ sel: found.key })
            }}
          />
          <select
            aria-label="Group"
            value={by}
            onChange={(event) => change({ by: event.target.value as Grouping, sel: undefined })}
          >
            {GROUPINGS.map((one) => (
              <option key={one} value={one}>
                {GROUPING_NAMES[one]}
              </option>
            ))}
          </select>
          <button
            type="button"
            aria-pressed={view === 'table'}
            onClick={() => change({ view: view === 'table' ? undefined : 'table' })}
          >
            Table
          </button>
          {view !== 'table' && (
            <>
              <button type="button" disabled={!fits} onClick={() => onSave('svg')}>
                Save SVG
              </button>
              <button type="button" disabled={!fits} onClick={() => onSave('png')}>
                Save PNG
              </button>
            </>
          )}
        </div>
        {error !== null && <Failure what="The map could not be read" error={error} onRetry={() => void refetch()} />}
        {data !== undefined && data.behindSpans > 0 && (
          <p className={styles['note']} role="status">
            About {count(data.behindSpans)} spans are stored and not in the map yet: it is computed again in a moment.
          </p>
        )}
        {graph === undefined ? (
          error === null && <Skeleton label="Map" />
        ) : graph.nodes.length === 0 ? (
          <EmptyState title="No calls in this time">
            <p>
              Nothing that was received in this range called anything. Choose a longer time, or see in the settings
              which doors listen and send a sample through one of them.
            </p>
            <button type="button" onClick={() => void navigate({ to: '/settings' })}>
              Doors and samples
            </button>
          </EmptyState>
        ) : view === 'table' ? (
          <MapTable
            nodes={graph.nodes.filter(({ name }) => name.toLowerCase().includes(q.toLowerCase()))}
            selected={sel}
            onSelect={({ key }) => change({ sel: key })}
          />
        ) : (
          fits && (
            <div className={styles['main']} aria-busy={isFetching}>
              <ServiceMap
                graph={graph}
                layout={laidOut.layout}
                selected={sel}
                wanted={q.toLowerCase()}
                onSelect={({ key }) => change({ sel: key })}
                svg={svg}
              />
              <Legend />
            </div>
          )
        )}
      </div>
      {selected && graph && (
        <NodePanel
          node={selected}
          graph={graph}
          onClose={() => change({ sel: undefined })}
          onSelect={({ key }) => change({ sel: key })}
        />
      )}
    </div>
  )
}

function Legend(): ReactNode {
  return (
    <ul className={styles['legend']}>
      <li>
        <span style={{ color: 'var(--ok)' }} />
        ok
      </li>
      <li>
        <span style={{ color: 'var(--error)', borderTopWidth: 4 }} />
        error (4xx)
      </li>
      <li>
        <span style={{ color: 'var(--throttle)', borderTopWidth: 5 }} />
        throttle (429)
      </li>
      <li>
        <span style={{ color: 'var(--fault)', borderTopWidth: 6 }} />
        fault (5xx)
      </li>
      <li>
        <span style={{ borderTopStyle: 'dashed', borderTopWidth: 2 }} />
        asynchronous
      </li>
      <li>dashed ring: did not report itself</li>
      <li>Ctrl and wheel zoom, drag moves</li>
    </ul>
  )
}
