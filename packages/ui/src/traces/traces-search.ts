// What stands in the address of the search for traces, and what the API is asked for it.
import { rangeParameters } from '../range.ts'
import { choiceIn, numberIn, textIn, type Raw, type RootSearch } from '../search-params.ts'
import { toFilter } from './short-form.ts'

export const FACETS = ['status', 'service', 'function', 'version', 'environment', 'account', 'region'] as const
export type FacetName = (typeof FACETS)[number]
export const SORTS = ['-start', 'start', '-duration', 'duration'] as const
export type Sort = (typeof SORTS)[number]

export interface TracesSearch {
  readonly q?: string | undefined
  /** Facets: `service:checkout,!status:ok`. */
  readonly f?: string | undefined
  readonly sort?: Sort | undefined
  /** Milliseconds. */
  readonly min?: number | undefined
  readonly max?: number | undefined
}

export function readTracesSearch(raw: Raw): TracesSearch {
  const sort = choiceIn(raw, 'sort', SORTS)
  const facets = formatFacets(readFacets(textIn(raw, 'f')))
  return {
    q: textIn(raw, 'q'),
    f: facets,
    sort: sort === '-start' ? undefined : sort,
    min: numberIn(raw, 'min'),
    max: numberIn(raw, 'max'),
  }
}

export interface FacetChoice {
  readonly name: FacetName
  readonly value: string
  readonly exclude: boolean
}

/** Commas and percent signs of a value are escaped. */
export function readFacets(text: string | undefined): FacetChoice[] {
  return (text ?? '').split(',').flatMap((part) => {
    const match = /^(!?)([a-z]+):(.+)$/s.exec(part)
    const name = FACETS.find((facet) => facet === match?.[2])
    if (match === null || name === undefined) return []
    return [{ name, value: unescaped(match[3]!), exclude: match[1] === '!' }]
  })
}

export function formatFacets(choices: readonly FacetChoice[]): string | undefined {
  const parts = choices.map(
    ({ name, value, exclude }) => `${exclude ? '!' : ''}${name}:${value.replaceAll(/[%,]/g, encodeURIComponent)}`,
  )
  return parts.length === 0 ? undefined : parts.join(',')
}

function unescaped(text: string): string {
  return text.replaceAll('%2C', ',').replaceAll('%25', '%')
}

/** Adds a choice; the same again takes it away, and a facet has one value that is asked for. */
export function toggleFacet(choices: readonly FacetChoice[], choice: FacetChoice): FacetChoice[] {
  const same = (one: FacetChoice): boolean => one.name === choice.name && one.value === choice.value
  const had = choices.some((one) => same(one) && one.exclude === choice.exclude)
  const others = choices.filter((one) => !same(one) && !(one.name === choice.name && !one.exclude && !choice.exclude))
  return had ? others : [...others, choice]
}

/** `since`, `until`, `filter` and facets, as /api/traces, /api/facets and /api/latencies read them. */
export function tracesParameters(search: TracesSearch & RootSearch): Readonly<Record<string, string | undefined>> {
  const choices = readFacets(search.f)
  const asked = choices.filter(({ exclude }) => !exclude).map(({ name, value }) => [name, value] as const)
  const excluded = choices.filter(({ exclude }) => exclude)
  const conditions = [
    ...(search.q === undefined ? [] : [`(${toFilter(search.q)})`]),
    ...excluded.filter(({ name }) => name === 'status').map(({ value }) => `!${value}`),
    ...(search.min === undefined ? [] : [`duration >= ${search.min / 1000}`]),
    ...(search.max === undefined ? [] : [`duration <= ${search.max / 1000}`]),
  ]
  // One that is alone keeps its own places: an error tells the character.
  const filter = conditions.length === 1 && search.q !== undefined ? toFilter(search.q) : conditions.join(' AND ')
  return {
    ...rangeParameters({ ...(search.from && { from: search.from }), ...(search.to && { to: search.to }) }),
    environment: search.environment,
    account: search.account,
    ...Object.fromEntries(asked),
    exclude: formatFacets(
      excluded.filter(({ name }) => name !== 'status').map((choice) => ({ ...choice, exclude: false })),
    ),
    filter: filter === '' ? undefined : filter,
  }
}
