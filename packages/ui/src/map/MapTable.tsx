// The nodes of the map as a table: the same numbers, sorted as one likes.
import { useState, type ReactNode } from 'react'
import { count, duration, percent } from '../format.ts'
import { Table, type Column } from '../parts/Table.tsx'
import type { MapNode } from './grouped.ts'
import { kindName, rate } from './labels.ts'

export interface MapTableProps {
  readonly nodes: readonly MapNode[]
  readonly selected: string | undefined
  readonly onSelect: (node: MapNode) => void
}

type SortKey = 'name' | 'count' | 'fault' | 'averageMs' | 'p99Ms'

export function MapTable({ nodes, selected, onSelect }: MapTableProps): ReactNode {
  const [sort, setSort] = useState<SortKey>('count')
  const [at, setAt] = useState(-1)
  const valueOf = (node: MapNode): number => (sort === 'name' ? 0 : (node.calls?.[sort] ?? -1))
  const rows = nodes.toSorted((a, b) => valueOf(b) - valueOf(a) || a.name.localeCompare(b.name))
  const sorted = (key: SortKey): Pick<Column<MapNode>, 'sort' | 'onSort'> => ({
    sort: sort === key ? (key === 'name' ? 'ascending' : 'descending') : undefined,
    onSort: () => setSort(key),
  })
  const share = (status: 'error' | 'throttle' | 'fault') => (node: MapNode) =>
    node.calls === undefined || node.calls[status] === 0
      ? '·'
      : `${count(node.calls[status])} (${percent(node.calls[status], node.calls.count)})`
  const figure = (of: 'averageMs' | 'p50Ms' | 'p90Ms' | 'p99Ms') => (node: MapNode) =>
    node.calls === undefined ? '' : duration(node.calls[of])
  const columns: readonly Column<MapNode>[] = [
    { key: 'name', name: 'Service', width: 'minmax(140px, 2fr)', render: ({ name }) => name, ...sorted('name') },
    { key: 'type', name: 'Type', width: 'minmax(90px, 1fr)', render: ({ type }) => kindName(type) },
    {
      key: 'calls',
      name: 'Calls',
      width: '80px',
      number: true,
      render: ({ calls }) => (calls ? count(calls.count) : ''),
      ...sorted('count'),
    },
    {
      key: 'rate',
      name: 'Rate',
      width: '90px',
      number: true,
      render: ({ calls }) => (calls ? rate(calls.perSecond) : ''),
    },
    { key: 'error', name: 'Errors', width: '100px', number: true, render: share('error') },
    { key: 'throttle', name: 'Throttles', width: '100px', number: true, render: share('throttle') },
    { key: 'fault', name: 'Faults', width: '100px', number: true, render: share('fault'), ...sorted('fault') },
    {
      key: 'average',
      name: 'Average',
      width: '80px',
      number: true,
      render: figure('averageMs'),
      ...sorted('averageMs'),
    },
    { key: 'p50', name: 'p50', width: '72px', number: true, render: figure('p50Ms') },
    { key: 'p90', name: 'p90', width: '72px', number: true, render: figure('p90Ms') },
    { key: 'p99', name: 'p99', width: '72px', number: true, render: figure('p99Ms'), ...sorted('p99Ms') },
  ]
  return (
    <Table
      label="Services"
      columns={columns}
      rows={rows}
      rowKey={({ key }) => key}
      at={at}
      onMove={setAt}
      onOpen={onSelect}
      open={selected}
    />
  )
}
