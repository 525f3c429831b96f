// One node of the map: how its calls went, how long they took, who calls it and what it calls, and its traces.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ConsoleCalls, ConsoleMapEdge } from '../../../fnscope/src/api/console-types.ts'
import { Bars } from '../charts/Bars.tsx'
import { count, duration, moment, percent } from '../format.ts'
import { Drawer } from '../parts/Drawer.tsx'
import { Status } from '../parts/Status.tsx'
import { RING_STATUSES } from './geometry.ts'
import type { MapGraph, MapNode } from './grouped.ts'
import { kindName, rate, rateAndAverage } from './labels.ts'
import styles from './map.module.css'
import { tracesFilter } from './traces-filter.ts'

export interface NodePanelProps {
  readonly node: MapNode
  readonly graph: MapGraph
  readonly onClose: () => void
  readonly onSelect: (node: MapNode) => void
}

export function NodePanel({ node, graph, onClose, onSelect }: NodePanelProps): ReactNode {
  const filter = tracesFilter(node)
  const callers = graph.edges.filter(({ to }) => to === node.id)
  const callees = graph.edges.filter(({ from }) => from === node.id)
  return (
    <Drawer label={node.name} onClose={onClose}>
      <div className={styles['panel']}>
        <div>
          <p>
            {node.type === '' ? 'Unknown type' : kindName(node.type)}
            {node.accountId === undefined ? '' : ` · account ${node.accountId}`}
            {node.members > 1 ? ` · ${node.members} nodes` : ''}
          </p>
          {node.inferred && <p className="dim">It did not report itself: known from its callers.</p>}
          <p className="dim">
            {moment(node.firstMs)} to {moment(node.lastMs)}
          </p>
        </div>
        {filter !== undefined && (
          <p>
            <Link to="/traces" search={(before) => ({ from: before.from, to: before.to, q: filter })}>
              Traces of {node.name}
            </Link>
          </p>
        )}
        {node.calls === undefined ? (
          <p>Nothing called it in this time: it is where traces begin.</p>
        ) : (
          <Calls calls={node.calls} />
        )}
        <Neighbours title="Called by" edges={callers} end="from" graph={graph} onSelect={onSelect} />
        <Neighbours title="Calls" edges={callees} end="to" graph={graph} onSelect={onSelect} />
      </div>
    </Drawer>
  )
}

function Calls({ calls }: { readonly calls: ConsoleCalls }): ReactNode {
  const bins = calls.histogram ?? []
  return (
    <>
      <section>
        <h3>
          {calls.count === 1 ? 'One call' : `${count(calls.count)} calls`}, {rate(calls.perSecond)}
        </h3>
        <div className={styles['split']} aria-hidden="true">
          {RING_STATUSES.map((status) => (
            <div key={status} style={{ flexGrow: calls[status], background: `var(--${status})` }} />
          ))}
        </div>
        <table>
          <tbody>
            {RING_STATUSES.map((status) => (
              <tr key={status}>
                <th scope="row">
                  <Status status={status} />
                </th>
                <td className="number">{count(calls[status])}</td>
                <td className="number">{percent(calls[status], calls.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section>
        <h3>How long they took</h3>
        {bins.length > 0 && (
          <Bars
            label="Calls by duration"
            ends={[duration(bins[0]!.fromMs), duration(bins.at(-1)!.toMs)]}
            bars={bins.map((bin) => ({
              key: String(bin.fromMs),
              text: `${duration(bin.fromMs)} to ${duration(bin.toMs)}: ${count(bin.calls)} calls`,
              parts: [{ name: 'calls', value: bin.calls, color: 'var(--hue-0)' }],
            }))}
          />
        )}
        <table>
          <tbody>
            {(
              [
                ['average', calls.averageMs],
                ['p50', calls.p50Ms],
                ['p90', calls.p90Ms],
                ['p99', calls.p99Ms],
              ] as const
            ).map(([name, ms]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{duration(ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}

interface NeighboursProps {
  readonly title: string
  readonly edges: readonly ConsoleMapEdge[]
  readonly end: 'from' | 'to'
  readonly graph: MapGraph
  readonly onSelect: (node: MapNode) => void
}

function Neighbours({ title, edges, end, graph, onSelect }: NeighboursProps): ReactNode {
  if (edges.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <ul className={styles['neighbours']}>
        {edges.map((edge) => {
          const node = graph.nodes[edge[end]]!
          return (
            <li key={`${node.key} ${edge.type ?? ''}`}>
              <button type="button" className="plain" onClick={() => onSelect(node)}>
                <span className="cut grow">{node.name}</span>
                {edge.type === 'link' && <span className="dim">async</span>}
                <span className="dim">{rateAndAverage(edge)}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
