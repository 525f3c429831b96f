// One function: its figures, and tabs for its calls, cold starts, configuration, versions and a call of it.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ConsoleFunctionFigures } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { count, duration, percent } from '../format.ts'
import { ColdStarts } from '../functions/ColdStarts.tsx'
import { Configuration } from '../functions/Configuration.tsx'
import styles from '../functions/functions.module.css'
import { Invocations } from '../functions/Invocations.tsx'
import { Invoke } from '../functions/Invoke.tsx'
import { MemoryBar } from '../functions/MemoryBar.tsx'
import { Versions } from '../functions/Versions.tsx'
import type { FunctionTab } from '../page-search.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { useLiveEvents } from '../parts/live-events.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { Tabs } from '../parts/Tabs.tsx'
import { rangeParameters } from '../range.ts'

const TABS: readonly (readonly [FunctionTab, string])[] = [
  ['invocations', 'Invocations'],
  ['cold', 'Cold starts'],
  ['configuration', 'Configuration'],
  ['versions', 'Versions'],
  ['invoke', 'Invoke'],
]

export function OneFunction(): ReactNode {
  const { name } = useParams({ from: '/functions/$name' })
  const search = useSearch({ from: '/functions/$name' })
  const { from, to, live = false, tab = 'invocations' } = search
  const navigate = useNavigate({ from: '/functions/$name' })
  const asked = rangeParameters({ ...(from && { from }), ...(to && { to }) })
  const { data, error, refetch } = useQuery({
    queryKey: ['functions', asked],
    queryFn: ({ signal }) => api.functionFigures(asked, signal),
    placeholderData: keepPreviousData,
  })
  useLiveEvents(['graph'], live, { on: () => void refetch(), missed: () => void refetch() })
  const select = (next: FunctionTab): void =>
    void navigate({
      search: (before) => ({ ...before, tab: next === 'invocations' ? undefined : next, sel: undefined }),
    })
  useShortcuts('Function', [
    { keys: 'i', does: 'Call it', run: () => select('invoke') },
    { keys: 'Escape', does: 'Back to all functions', run: () => void navigate({ to: '/functions' }) },
  ])
  const figures = data?.functions.find((one) => one.name === name || one.logicalId === name)
  if (error !== null && data === undefined)
    return (
      <div className={styles['page']}>
        <h1 className={styles['bar']}>{name}</h1>
        <Failure what="The function could not be read" error={error} onRetry={() => void refetch()} />
      </div>
    )
  if (data === undefined) return <Skeleton label="Function" />
  if (figures === undefined)
    return (
      <EmptyState title={`There is no function ${name}`}>
        <h1 className="unseen">{name}</h1>
        <p>It is not deployed here, and none of its calls are in this time.</p>
        <Link to="/functions">All functions</Link>
      </EmptyState>
    )
  return (
    <div className={styles['page']}>
      <div className={styles['bar']}>
        <Link to="/functions">Functions</Link>
        <span aria-hidden="true">/</span>
        <h1 className="cut" title={figures.name}>
          {figures.name}
        </h1>
        <span className="dim">{[figures.runtime, figures.stack].filter(Boolean).join(' · ')}</span>
      </div>
      <Figures of={figures} />
      <Tabs label={figures.name} tabs={TABS} selected={tab} onSelect={select}>
        {tab === 'invocations' && <Invocations name={figures.name} />}
        {tab === 'cold' && <ColdStarts name={figures.name} />}
        {tab === 'configuration' && <Deployed of={figures}>{<Configuration name={figures.name} />}</Deployed>}
        {tab === 'versions' && <Deployed of={figures}>{<Versions name={figures.name} />}</Deployed>}
        {tab === 'invoke' && <Deployed of={figures}>{<Invoke name={figures.name} />}</Deployed>}
      </Tabs>
    </div>
  )
}

function Deployed({ of, children }: { readonly of: ConsoleFunctionFigures; readonly children: ReactNode }): ReactNode {
  if (of.deployed) return children
  return (
    <EmptyState title="It does not run here">
      <p>Only its telemetry comes in: what it is configured with, and a call of it, are where it runs.</p>
    </EmptyState>
  )
}

function Figures({ of }: { readonly of: ConsoleFunctionFigures }): ReactNode {
  const { invocations, errors, throttles, coldStarts } = of
  const time = (ms: number | undefined): string => (ms === undefined ? '·' : duration(ms))
  const figures: readonly (readonly [string, ReactNode])[] = [
    ['Calls', count(invocations)],
    ['Errors', errors === 0 ? '0' : `${count(errors)} (${percent(errors, invocations)})`],
    ['Throttles', count(throttles)],
    ['p50', time(of.p50Ms)],
    ['p95', time(of.p95Ms)],
    ['p99', time(of.p99Ms)],
    ['Cold starts', coldStarts === 0 ? '0' : `${count(coldStarts)} (${percent(coldStarts, invocations)})`],
    ['Init, median', time(of.initP50Ms)],
    ['Memory', <MemoryBar key="memory" used={of.maxMemoryMb} configured={of.memoryMb} />],
  ]
  return (
    <dl className={styles['figures']}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
