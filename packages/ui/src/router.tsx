// Every route: its address, what may stand in its search, and its page, loaded when it is wanted. A new page is a line
// here, one in pages.ts and one in the server's doors/console-files.ts.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import {
  readFunctionSearch,
  readFunctionsSearch,
  readLogsSearch,
  readMapSearch,
  readMetricsSearch,
} from './page-search.ts'
import { Failure } from './parts/Failure.tsx'
import { Skeleton } from './parts/Skeleton.tsx'
import { Live } from './routes/Live.tsx'
import { NotFound } from './routes/NotFound.tsx'
import { parseSearch, readRootSearch, ROOT_KEYS, stringifySearch, textIn } from './search-params.ts'
import { Shell } from './shell/Shell.tsx'
import { readTraceSearch } from './trace/trace-search.ts'
import { readTracesSearch } from './traces/traces-search.ts'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: readRootSearch,
  search: { middlewares: [retainSearchParams([...ROOT_KEYS])] },
})

const page = { getParentRoute: () => root } as const

const live = createRoute({
  ...page,
  path: '/',
  // The trace beside the list.
  validateSearch: (raw): { readonly sel?: string | undefined } => ({ sel: textIn(raw, 'sel') }),
  component: Live,
})
const traces = createRoute({
  ...page,
  path: '/traces',
  validateSearch: readTracesSearch,
  component: lazyRouteComponent(() => import('./routes/Traces.tsx'), 'Traces'),
})
const trace = createRoute({
  ...page,
  path: '/trace/$id',
  validateSearch: readTraceSearch,
  component: lazyRouteComponent(() => import('./routes/Trace.tsx'), 'Trace'),
})
const map = createRoute({
  ...page,
  path: '/map',
  validateSearch: readMapSearch,
  component: lazyRouteComponent(() => import('./routes/ServiceMapPage.tsx'), 'ServiceMapPage'),
})
const functions = createRoute({
  ...page,
  path: '/functions',
  validateSearch: readFunctionsSearch,
  component: lazyRouteComponent(() => import('./routes/Functions.tsx'), 'Functions'),
})
const oneFunction = createRoute({
  ...page,
  path: '/functions/$name',
  validateSearch: readFunctionSearch,
  component: lazyRouteComponent(() => import('./routes/OneFunction.tsx'), 'OneFunction'),
})
const coldStarts = createRoute({
  ...page,
  path: '/functions/$name/cold',
  beforeLoad: ({ params, search }) => {
    throw redirect({ to: '/functions/$name', params, search: { ...search, tab: 'cold' } })
  },
})
const logs = createRoute({
  ...page,
  path: '/logs',
  validateSearch: readLogsSearch,
  component: lazyRouteComponent(() => import('./routes/Logs.tsx'), 'Logs'),
})
const metrics = createRoute({
  ...page,
  path: '/metrics',
  validateSearch: readMetricsSearch,
  component: lazyRouteComponent(() => import('./routes/Metrics.tsx'), 'Metrics'),
})
const settings = createRoute({
  ...page,
  path: '/settings',
  component: lazyRouteComponent(() => import('./routes/Settings.tsx'), 'Settings'),
})

export const router = createRouter({
  routeTree: root.addChildren([live, traces, trace, map, functions, oneFunction, coldStarts, logs, metrics, settings]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Skeleton label="Page" />,
  defaultErrorComponent: ({ error, reset }) => <Failure what="This page failed" error={error} onRetry={reset} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
