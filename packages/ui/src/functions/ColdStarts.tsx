// The cold starts of a function: each as stacked phases, what was imported in the one that is open, the packages that cost
// most, and how the versions compare.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ConsoleColdStart, ConsoleColdStartPart } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { count, duration, moment } from '../format.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import { Failure } from '../parts/Failure.tsx'
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { rangeParameters } from '../range.ts'
import { byVersion, phaseNames, topPackages, type PackageSum, type VersionSum } from './cold-start-sums.ts'
import styles from './functions.module.css'
import { ImportFlame } from './ImportFlame.tsx'

const HUES = 8
const MOST_PACKAGES = 15

export function ColdStarts({ name }: { readonly name: string }): ReactNode {
  const { from, to, sel } = useSearch({ from: '/functions/$name' })
  const navigate = useNavigate({ from: '/functions/$name' })
  const asked = rangeParameters({ ...(from && { from }), ...(to && { to }) })
  const { data, error, refetch } = useQuery({
    queryKey: ['cold starts', name, asked],
    queryFn: ({ signal }) => api.coldStarts(name, asked, signal),
  })
  if (error !== null)
    return <Failure what="The cold starts could not be read" error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton label="Cold starts" />
  const starts = data.coldStarts
  if (starts.length === 0)
    return (
      <EmptyState title="No cold start in this time">
        <p>
          A cold start is the first call of a new execution environment: after a deploy, a change of the configuration,
          or some minutes without a call.
        </p>
      </EmptyState>
    )
  const names = phaseNames(starts)
  const color = (phase: string): string => `var(--hue-${names.indexOf(phase) % HUES})`
  const longest = Math.max(...starts.map(({ initMs, callMs }) => initMs + callMs))
  const open = starts.find(({ spanId }) => spanId === sel) ?? starts[0]!
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label="Cold starts">
      <div className={styles['cold']}>
        <section>
          <h2>
            {starts.length === 1 ? 'One cold start' : `${count(starts.length)} cold starts`}
            {data.more ? ', the newest of more' : ''}
          </h2>
          <ul className={styles['legend']}>
            {names.map((phase) => (
              <li key={phase}>
                <i style={{ background: color(phase) }} />
                {phase}
              </li>
            ))}
            <li>
              <i style={{ background: 'var(--line-strong)' }} />
              first call
            </li>
          </ul>
          <ul className={styles['starts']}>
            {starts.map((start) => (
              <li key={start.spanId}>
                <button
                  type="button"
                  className="plain"
                  aria-pressed={start === open}
                  onClick={() => void navigate({ search: (before) => ({ ...before, sel: start.spanId }) })}
                >
                  <span>{moment(start.startMs)}</span>
                  <span className="number">{duration(start.initMs)}</span>
                  <span className="cut">{start.version}</span>
                  <span className="unseen">{phasesText(start)}</span>
                  <span
                    className={styles['stack']}
                    style={{ width: `${((start.initMs + start.callMs) / longest) * 100}%` }}
                  >
                    {start.phases.map(({ name: phase, ms }) => (
                      <span
                        key={phase}
                        title={`${phase}: ${duration(ms)}`}
                        style={{ flexGrow: ms, background: color(phase) }}
                      />
                    ))}
                    <span
                      title={`first call: ${duration(start.callMs)}`}
                      style={{ flexGrow: start.callMs, background: 'var(--line-strong)' }}
                    />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
        <Anatomy start={open} />
        <Packages starts={starts} />
        <Trend starts={starts} />
      </div>
    </div>
  )
}

function phasesText({ phases, callMs, failed }: ConsoleColdStart): string {
  const parts = phases.map(({ name, ms }) => `${name} ${duration(ms)}`)
  return [...(failed ? ['failed'] : []), ...parts, `first call ${duration(callMs)}`].join(', ')
}

function Anatomy({ start }: { readonly start: ConsoleColdStart }): ReactNode {
  return (
    <section>
      <h2>
        {moment(start.startMs)}: {duration(start.initMs)} before the first call of {duration(start.callMs)}
      </h2>
      <p>
        <Link to="/trace/$id" params={{ id: start.traceId }}>
          Its trace
        </Link>
        {start.failed ? ' · ✕ the initialization failed' : ''}
      </p>
      {start.parts.length === 0 ? (
        <p className="dim">
          Its trace tells the initialization as one piece. Start fnscope with --anatomy, and each import is seen here.
        </p>
      ) : (
        <>
          <ImportFlame key={start.spanId} parts={start.parts} />
          <ul className={styles['tree']}>
            {start.parts.map((part) => (
              <Part key={`${part.offsetMs} ${part.name}`} part={part} whole={start.initMs} isOpen />
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

interface PartProps {
  readonly part: ConsoleColdStartPart
  readonly whole: number
  readonly isOpen?: boolean
}

function Part({ part, whole, isOpen = false }: PartProps): ReactNode {
  const line = (
    <>
      <span className={styles['time']}>{duration(part.ms)}</span>
      <span className={styles['stack']} style={{ width: 120, flex: 'none' }} aria-hidden="true">
        <span style={{ flexGrow: part.selfMs, background: 'var(--hue-0)' }} />
        <span style={{ flexGrow: part.ms - part.selfMs, background: 'var(--hue-6)' }} />
        <span style={{ flexGrow: Math.max(0, whole - part.ms), background: 'var(--bg-sunken)' }} />
      </span>
      <span className="cut">{part.name}</span>
      {part.children.length > 0 && <span className="dim">itself {duration(part.selfMs)}</span>}
    </>
  )
  if (part.children.length === 0)
    return (
      <li>
        <div className={styles['leaf']}>{line}</div>
      </li>
    )
  return (
    <li>
      <details open={isOpen}>
        <summary>{line}</summary>
        <ul>
          {part.children
            .toSorted((a, b) => b.ms - a.ms)
            .map((child) => (
              <Part key={`${child.offsetMs} ${child.name}`} part={child} whole={whole} />
            ))}
        </ul>
      </details>
    </li>
  )
}

const PACKAGES: readonly PlainColumn<PackageSum>[] = [
  { name: 'Package', render: ({ name }) => name },
  { name: 'With what it imports', number: true, render: ({ ms }) => duration(ms) },
  { name: 'Itself', number: true, render: ({ selfMs }) => duration(selfMs) },
  { name: 'Cold starts', number: true, render: ({ starts }) => count(starts) },
]

const VERSIONS: readonly PlainColumn<VersionSum>[] = [
  { name: 'Version', render: ({ version }) => version },
  { name: 'Cold starts', number: true, render: ({ starts }) => count(starts) },
  { name: 'Mean', number: true, render: ({ averageMs }) => duration(averageMs) },
  { name: 'Least', number: true, render: ({ leastMs }) => duration(leastMs) },
  { name: 'Most', number: true, render: ({ mostMs }) => duration(mostMs) },
]

function Packages({ starts }: { readonly starts: readonly ConsoleColdStart[] }): ReactNode {
  const packages = topPackages(starts, MOST_PACKAGES)
  if (packages.length === 0) return null
  return (
    <section>
      <h2>Packages that cost most</h2>
      <PlainTable columns={PACKAGES} rows={packages} rowKey={({ name }) => name} />
    </section>
  )
}

function Trend({ starts }: { readonly starts: readonly ConsoleColdStart[] }): ReactNode {
  return (
    <section>
      <h2>By version</h2>
      <PlainTable columns={VERSIONS} rows={byVersion(starts)} rowKey={({ version }) => version} />
    </section>
  )
}
