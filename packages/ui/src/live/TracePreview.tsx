// A trace beside the Live list: its header and its waterfall, small. All of it is one press away.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState, type ReactNode } from 'react'
import { api } from '../api.ts'
import { Drawer } from '../parts/Drawer.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { buildTree, visibleRows, type SpanTree } from '../trace/rows.ts'
import { WHOLE } from '../trace/scale.ts'
import { marksOf } from '../trace/span-marks.ts'
import { TraceHeader } from '../trace/TraceHeader.tsx'
import { Waterfall } from '../trace/Waterfall.tsx'
import styles from './live.module.css'

const NONE: ReadonlySet<string> = new Set()
const NO_ROWS: ReadonlySet<number> = new Set()
const STILL_COMING_MS = 1500

export function TracePreview({ id, onClose }: { readonly id: string; readonly onClose: () => void }): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['trace', id, {}],
    queryFn: ({ signal }) => api.trace(id, {}, signal),
    refetchInterval: ({ state }) => (state.data?.partial === true ? STILL_COMING_MS : false),
    // Its root is told before it is stored.
    retry: 5,
  })
  const tree = useMemo(() => data && buildTree(data), [data])
  return (
    <Drawer
      label="Trace"
      onClose={onClose}
      actions={
        <Link to="/trace/$id" params={{ id }}>
          Whole trace
        </Link>
      }
    >
      {error !== null && <Failure what="The trace could not be read" error={error} onRetry={() => void refetch()} />}
      {tree === undefined && error === null && <Skeleton label="Trace" />}
      {tree !== undefined && <Preview key={id} tree={tree} />}
    </Drawer>
  )
}

function Preview({ tree }: { readonly tree: SpanTree }): ReactNode {
  const [at, setAt] = useState(-1)
  const [collapsed, setCollapsed] = useState(NONE)
  const rows = useMemo(() => visibleRows(tree, { collapsed }), [tree, collapsed])
  const marks = useMemo(() => marksOf(tree), [tree])
  const fold = (span: number, close: boolean): void => {
    const spanId = tree.columns.spans.id[span]!
    setCollapsed(close ? new Set([...collapsed, spanId]) : new Set([...collapsed].filter((one) => one !== spanId)))
  }
  return (
    <div className={styles['preview']}>
      <TraceHeader tree={tree} lines={[]} />
      <Waterfall
        tree={tree}
        rows={rows}
        marks={marks}
        view={WHOLE}
        at={at}
        open={undefined}
        collapsed={collapsed}
        matches={NO_ROWS}
        onMove={setAt}
        onOpen={() => {}}
        onFold={fold}
      />
    </div>
  )
}
