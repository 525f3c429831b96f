// The map as SVG: nodes with their rings, edges as wide as their rate, links dashed. It pans and zooms; one tab stop, the
// arrows follow edges. The same numbers are in the table view.
import {
  useEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type RefObject,
} from 'react'
import { edgePath, edgeWidth, ringParts, RING_PX } from './geometry.ts'
import type { MapGraph, MapNode } from './grouped.ts'
import { kindMark, nodeLabel, rateAndAverage, shortened, trouble } from './labels.ts'
import type { Layout, Point } from './layout.ts'
import styles from './map.module.css'
import { ARROWS, walk, type Arrow } from './walk.ts'

export interface ServiceMapProps {
  readonly graph: MapGraph
  readonly layout: Layout
  /** Key of the node that is open beside the map. */
  readonly selected: string | undefined
  /** In lower case: other nodes are dimmed. */
  readonly wanted: string
  readonly onSelect: (node: MapNode) => void
  readonly svg: RefObject<SVGSVGElement | null>
}

interface View {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const CIRCLE = 2 * Math.PI * RING_PX
const ZOOM = 1.25

export function ServiceMap({ graph, layout, selected, wanted, onSelect, svg }: ServiceMapProps): ReactNode {
  const { points, bends } = layout
  const whole: View = { x: 0, y: 0, width: Math.max(layout.width, 480), height: Math.max(layout.height, 300) }
  const [view, setView] = useState<View>()
  const [at, setAt] = useState(0)
  const drag = useRef<{ readonly x: number; readonly y: number; readonly view: View } | undefined>(undefined)
  const shown = view ?? whole
  // A node that was found is brought into view, once: one may move on from there.
  const found = wanted === '' ? -1 : graph.nodes.findIndex((node) => isWanted(node, wanted))
  const [brought, setBrought] = useState(-1)
  if (found !== brought) {
    setBrought(found)
    const target = points[found]
    if (target !== undefined && view !== undefined) setView(centred(view, target))
  }
  const zoom = (
    factor: number,
    centre: Point = { x: shown.x + shown.width / 2, y: shown.y + shown.height / 2 },
  ): void => {
    const width = Math.min(Math.max(shown.width * factor, 200), whole.width * 4)
    const scale = width / shown.width
    setView({
      x: centre.x - (centre.x - shown.x) * scale,
      y: centre.y - (centre.y - shown.y) * scale,
      width,
      height: shown.height * scale,
    })
  }
  const pointAt = ({ clientX, clientY }: { readonly clientX: number; readonly clientY: number }): Point => {
    const matrix = svg.current?.getScreenCTM()?.inverse()
    if (!matrix) return { x: 0, y: 0 }
    return new DOMPoint(clientX, clientY).matrixTransform(matrix)
  }
  useEffect(() => {
    const element = svg.current
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, pointAt(event))
    }
    // A passive listener, as React's are, could not keep the page from zooming as well.
    element?.addEventListener('wheel', onWheel, { passive: false })
    return () => element?.removeEventListener('wheel', onWheel)
  })
  const onDown = (event: PointerEvent<SVGSVGElement>): void => {
    if (event.button !== 0 || (event.target as Element).closest('[data-node]')) return
    drag.current = { x: event.clientX, y: event.clientY, view: shown }
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const onDrag = (event: PointerEvent<SVGSVGElement>): void => {
    const from = drag.current
    const scale = svg.current?.getScreenCTM()?.a ?? 1
    if (from)
      setView({
        ...from.view,
        x: from.view.x - (event.clientX - from.x) / scale,
        y: from.view.y - (event.clientY - from.y) / scale,
      })
  }
  const focusNode = (node: number): void => {
    setAt(node)
    svg.current?.querySelector<SVGGElement>(`[data-node="${node}"]`)?.focus()
    const point = points[node]
    if (point && view) setView(centred(view, point))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const node = graph.nodes[at]
    if (ARROWS.includes(event.key)) focusNode(walk(at, event.key as Arrow, { points, edges: graph.edges }))
    else if (event.key === 'Home') focusNode(0)
    else if (event.key === 'End') focusNode(graph.nodes.length - 1)
    else if ((event.key === 'Enter' || event.key === ' ') && node) onSelect(node)
    else if (event.key === '+' || event.key === '=') zoom(1 / ZOOM)
    else if (event.key === '-') zoom(ZOOM)
    else if (event.key === '0') setView(undefined)
    else return
    event.preventDefault()
  }
  const dimmed = (node: MapNode): boolean => wanted !== '' && !isWanted(node, wanted)
  return (
    <div className={styles['canvas']}>
      <svg
        ref={svg}
        role="group"
        aria-label={`Service map: ${graph.nodes.length} nodes, ${graph.edges.length} edges`}
        viewBox={`${shown.x} ${shown.y} ${shown.width} ${shown.height}`}
        onPointerDown={onDown}
        onPointerMove={onDrag}
        onPointerUp={() => (drag.current = undefined)}
        onKeyDown={onKeyDown}
      >
        <defs>
          <marker
            id="map-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M 0 0.6 L 7.5 4 L 0 7.4 z" className={styles['arrow']} />
          </marker>
        </defs>
        <g aria-hidden="true">
          {graph.edges.map((edge, index) => {
            const [from, to] = [points[edge.from], points[edge.to]]
            if (!from || !to) return null
            const [caller, callee] = [graph.nodes[edge.from]!, graph.nodes[edge.to]!]
            const touches = selected !== undefined && (caller.key === selected || callee.key === selected)
            return (
              <path
                key={`${caller.key} ${callee.key} ${edge.type ?? ''}`}
                d={edgePath(from, to, bends[index] ?? [])}
                className={styles['edge']}
                data-touches={touches}
                data-failing={edge.fault + edge.throttle > 0}
                opacity={dimmed(caller) && dimmed(callee) ? 0.25 : 1}
                strokeWidth={edgeWidth(edge.perSecond)}
                strokeDasharray={edge.type === 'link' ? '7 5' : undefined}
                markerEnd="url(#map-arrow)"
              >
                <title>{`${caller.name} to ${callee.name}: ${rateAndAverage(edge)}${edge.type === 'link' ? ', asynchronous' : ''}`}</title>
              </path>
            )
          })}
        </g>
        {graph.nodes.map((node, index) => {
          const point = points[index]
          if (!point) return null
          return (
            <g
              key={node.key}
              role="button"
              data-node={index}
              tabIndex={index === at ? 0 : -1}
              aria-pressed={node.key === selected}
              className={styles['node']}
              transform={`translate(${point.x} ${point.y})`}
              opacity={dimmed(node) ? 0.3 : 1}
              onFocus={() => setAt(index)}
              onClick={() => onSelect(node)}
            >
              <title>{nodeLabel(node)}</title>
              <NodeDrawing node={node} />
            </g>
          )
        })}
      </svg>
      <div className={styles['zoom']} role="group" aria-label="Zoom">
        <button type="button" className="icon" aria-label="Zoom in" onClick={() => zoom(1 / ZOOM)}>
          +
        </button>
        <button type="button" className="icon" aria-label="Zoom out" onClick={() => zoom(ZOOM)}>
          −
        </button>
        <button type="button" onClick={() => setView(undefined)}>
          Fit
        </button>
      </div>
    </div>
  )
}

function NodeDrawing({ node }: { readonly node: MapNode }): ReactNode {
  const bad = trouble(node.calls)
  return (
    <>
      <circle r={RING_PX + 7} className={styles['halo']} />
      <circle r={RING_PX} className={styles['disc']} strokeDasharray={node.inferred ? '3 4' : undefined} />
      {ringParts(node.calls).map(({ status, from, to }) => (
        <circle
          key={status}
          r={RING_PX}
          className={styles['ring']}
          data-status={status}
          strokeDasharray={`${(to - from) * CIRCLE} ${CIRCLE}`}
          transform={`rotate(${from * 360 - 90})`}
        />
      ))}
      <text className={styles['mark']} y={5}>
        {kindMark(node.type)}
      </text>
      {node.members > 1 && (
        <text className={styles['members']} x={RING_PX + 2} y={-RING_PX + 6}>
          ×{node.members}
        </text>
      )}
      <text className={styles['name']} y={RING_PX + 18}>
        {shortened(node.name)}
      </text>
      <text className={styles['figures']} y={RING_PX + 32}>
        {node.client ? 'clients' : rateAndAverage(node.calls)}
      </text>
      {bad !== '' && (
        <text className={styles['trouble']} y={RING_PX + 46}>
          ✕ {bad}
        </text>
      )}
    </>
  )
}

function isWanted({ name, type }: MapNode, wanted: string): boolean {
  return name.toLowerCase().includes(wanted) || type.toLowerCase().includes(wanted)
}

function centred(view: View, { x, y }: Point): View {
  return { ...view, x: x - view.width / 2, y: y - view.height / 2 }
}
