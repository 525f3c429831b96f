// What the traces of the range have in common, with counts: Enter asks for it, Alt+Enter leaves it out.
import { useQuery } from '@tanstack/react-query'
import { Ban, Check } from 'lucide-react'
import type { MouseEvent, ReactNode } from 'react'
import type { ConsoleFacets } from '../../../fnscope/src/api/console-types.ts'
import { api, ApiError, type Parameters } from '../api.ts'
import { count } from '../format.ts'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { FACETS, type FacetChoice, type FacetName } from './traces-search.ts'
import styles from './traces.module.css'

export interface FacetsProps {
  readonly parameters: Parameters
  readonly choices: readonly FacetChoice[]
  readonly onToggle: (choice: FacetChoice) => void
  readonly refetchMs: number | false
}

const MOST_VALUES = 12

export function Facets({ parameters, choices, onToggle, refetchMs }: FacetsProps): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['facets', parameters],
    queryFn: ({ signal }) => api.facets({ ...parameters, limit: MOST_VALUES }, signal),
    placeholderData: (before) => before,
    refetchInterval: refetchMs,
  })
  return (
    <section className={styles['facets']} aria-label="Facets" tabIndex={0}>
      {error !== null && !isMistake(error) && <Failure what="Facets" error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton label="Facets" rows={10} />}
      {data?.exact === false && <p className="dim">Counts are of traces that may meet the filter.</p>}
      {data !== undefined &&
        FACETS.map((name) => (
          <Facet key={name} name={name} values={valuesOf(data, name)} choices={choices} onToggle={onToggle} />
        ))}
    </section>
  )
}

/** Of the expression: it is told at the field. */
function isMistake(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'FNS_USAGE'
}

interface FacetValue {
  readonly value: string
  readonly traces: number
  readonly failed: number
}

function valuesOf(data: ConsoleFacets, name: FacetName): FacetValue[] {
  if (name !== 'status')
    return data.facets[name].map(({ value, traces, error, throttle, fault }) => ({
      value,
      traces,
      failed: Math.max(error, throttle, fault),
    }))
  return (['ok', 'error', 'throttle', 'fault'] as const).flatMap((status) =>
    data[status] === 0 ? [] : [{ value: status, traces: data[status], failed: status === 'ok' ? 0 : data[status] }],
  )
}

interface FacetProps extends Pick<FacetsProps, 'choices' | 'onToggle'> {
  readonly name: FacetName
  readonly values: readonly FacetValue[]
}

function Facet({ name, values, choices, onToggle }: FacetProps): ReactNode {
  const chosen = choices.filter((choice) => choice.name === name)
  const missing = chosen.filter(({ value }) => !values.some((one) => one.value === value))
  const shown = [
    ...values.filter(({ value }) => value !== ''),
    ...missing.map(({ value }) => ({ value, traces: 0, failed: 0 })),
  ]
  if (shown.length === 0) return null
  const most = shown.reduce((found, { traces }) => Math.max(found, traces), 1)
  return (
    <fieldset>
      <legend>{name}</legend>
      {shown.map(({ value, traces, failed }) => {
        const choice = chosen.find((one) => one.value === value)
        const press = (event: MouseEvent): void =>
          onToggle({ name, value, exclude: event.altKey || choice?.exclude === true })
        return (
          <div key={value} className={styles['facet']}>
            <button
              type="button"
              className="plain"
              aria-pressed={choice !== undefined}
              title={`${value}\nEnter: only these. Alt+Enter: without these.`}
              onClick={press}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !event.altKey) return
                event.preventDefault()
                onToggle({ name, value, exclude: true })
              }}
            >
              <i style={{ width: `${(traces / most) * 100}%` }} aria-hidden />
              {choice && (choice.exclude ? <Ban size={12} aria-hidden /> : <Check size={12} aria-hidden />)}
              <span className="cut grow">
                {choice?.exclude === true && <span className="unseen">without </span>}
                {value}
              </span>
              {failed > 0 && name !== 'status' && <span className={styles['facetFailed']}>{count(failed)} failed</span>}
              <span className="dim">{count(traces)}</span>
            </button>
            <button
              type="button"
              className="plain icon"
              aria-label={`Without ${name} ${value}`}
              onClick={() => onToggle({ name, value, exclude: true })}
            >
              <Ban size={12} aria-hidden />
            </button>
          </div>
        )
      })}
    </fieldset>
  )
}
