// No trace is found: which condition leaves out the most, and what there is without it.
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api } from '../api.ts'
import { count } from '../format.ts'
import { EmptyState } from '../parts/EmptyState.tsx'
import type { RootSearch } from '../search-params.ts'
import { formatFacets, tracesParameters, type FacetChoice, type TracesSearch } from './traces-search.ts'

export interface NoTracesProps {
  readonly search: TracesSearch & RootSearch
  readonly choices: readonly FacetChoice[]
  readonly hasConditions: boolean
  readonly onChange: (values: Partial<TracesSearch & RootSearch>) => void
}

interface Drop {
  readonly name: string
  readonly values: Partial<TracesSearch & RootSearch>
}

export function NoTraces({ search, choices, hasConditions, onChange }: NoTracesProps): ReactNode {
  const drops: Drop[] = [
    ...(search.q === undefined ? [] : [{ name: `the search ${search.q}`, values: { q: undefined } }]),
    ...choices.map((choice) => ({
      name: `${choice.exclude ? 'without ' : ''}${choice.name} ${choice.value}`,
      values: { f: formatFacets(choices.filter((one) => one !== choice)) },
    })),
    ...(search.min === undefined && search.max === undefined
      ? []
      : [{ name: 'the durations', values: { min: undefined, max: undefined } }]),
    ...(search.from === '7d'
      ? []
      : [{ name: 'the time range: the last 7 days', values: { from: '7d', to: undefined } }]),
  ]
  const counts = useQueries({
    queries: drops.map(({ values }) => {
      const parameters = tracesParameters({ ...search, ...values })
      return { queryKey: ['facets', parameters, 'count'], queryFn: () => api.facets({ ...parameters, limit: 1 }) }
    }),
  })
  const found = drops
    .map((drop, index) => ({ ...drop, traces: counts[index]?.data?.traces ?? 0 }))
    .filter(({ traces }) => traces > 0)
    .sort((a, b) => b.traces - a.traces)
  return (
    <EmptyState title={hasConditions ? 'No trace meets all of this' : 'No traces in this range'}>
      {found.map(({ name, values, traces }) => (
        <p key={name}>
          <button type="button" onClick={() => onChange(values)}>
            Drop {name}
          </button>{' '}
          {count(traces)} traces
        </p>
      ))}
      {found.length === 0 && (
        <p>
          Nothing has come in the last 7 days. <Link to="/">Live</Link> shows where to send to.
        </p>
      )}
    </EmptyState>
  )
}
