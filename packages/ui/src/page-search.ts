// What may stand in the addresses of Map, Functions, Logs and Metrics; defaults are left out.
import { GROUPINGS, type Grouping } from './map/grouped.ts'
import { choiceIn, textIn, type Raw } from './search-params.ts'

export interface MapSearch {
  readonly by?: Grouping | undefined
  /** Key of the node that is open. */
  readonly sel?: string | undefined
  readonly q?: string | undefined
  readonly view?: 'table' | undefined
}

export function readMapSearch(raw: Raw): MapSearch {
  return {
    by: choiceIn(raw, 'by', GROUPINGS),
    sel: textIn(raw, 'sel'),
    q: textIn(raw, 'q'),
    view: choiceIn(raw, 'view', ['table']),
  }
}

export const FUNCTION_SORTS = ['name', 'invocations', 'errors', 'p50', 'p95', 'p99', 'cold', 'memory'] as const
export type FunctionSort = (typeof FUNCTION_SORTS)[number]

export interface FunctionsSearch {
  readonly q?: string | undefined
  readonly sort?: FunctionSort | undefined
}

export function readFunctionsSearch(raw: Raw): FunctionsSearch {
  return { q: textIn(raw, 'q'), sort: choiceIn(raw, 'sort', FUNCTION_SORTS) }
}

export const FUNCTION_TABS = ['invocations', 'cold', 'configuration', 'versions', 'invoke'] as const
export type FunctionTab = (typeof FUNCTION_TABS)[number]

export interface FunctionSearch {
  readonly tab?: FunctionTab | undefined
  /** A published version, or an alias: what the configuration is of. */
  readonly version?: string | undefined
  /** Trace id of the cold start that is open. */
  readonly sel?: string | undefined
  /** Name of the saved event that is open. */
  readonly event?: string | undefined
}

export function readFunctionSearch(raw: Raw): FunctionSearch {
  return {
    tab: choiceIn(raw, 'tab', FUNCTION_TABS),
    version: textIn(raw, 'version'),
    sel: textIn(raw, 'sel'),
    event: textIn(raw, 'event'),
  }
}

export const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'none'] as const

export interface LogsSearch {
  readonly q?: string | undefined
  readonly function?: string | undefined
  /** Joined by commas. */
  readonly levels?: string | undefined
  /** Members shown as columns, joined by commas. */
  readonly col?: string | undefined
  /** Key of the line that is open. */
  readonly sel?: string | undefined
  /** Lines of one trace or one request. */
  readonly trace?: string | undefined
  readonly request?: string | undefined
}

export function readLogsSearch(raw: Raw): LogsSearch {
  return {
    q: textIn(raw, 'q'),
    function: textIn(raw, 'function'),
    levels: textIn(raw, 'levels'),
    col: textIn(raw, 'col'),
    sel: textIn(raw, 'sel'),
    trace: textIn(raw, 'trace'),
    request: textIn(raw, 'request'),
  }
}

export const STATISTICS = ['average', 'sum', 'min', 'max', 'count'] as const
export type Statistic = (typeof STATISTICS)[number]

export interface MetricsSearch {
  readonly q?: string | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  /** A dimension. */
  readonly by?: string | undefined
  readonly stat?: Statistic | undefined
}

export function readMetricsSearch(raw: Raw): MetricsSearch {
  return {
    q: textIn(raw, 'q'),
    namespace: textIn(raw, 'namespace'),
    name: textIn(raw, 'name'),
    by: textIn(raw, 'by'),
    stat: choiceIn(raw, 'stat', STATISTICS),
  }
}
