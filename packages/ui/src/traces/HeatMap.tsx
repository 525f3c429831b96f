// When traces began and how long they took, on a canvas. Dragging a rectangle narrows both; two number fields and the
// time range do the same by keyboard, and a table says the same in numbers.
import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react'
import type { ConsoleLatencies } from '../../../fnscope/src/api/console-types.ts'
import { clock, count, duration } from '../format.ts'
import { resolveColours } from '../parts/colours.ts'
import { useTheme } from '../theme.ts'
import { brushOf, durationPlace, heatScale, strength, type HeatBrush, type HeatScale } from './heat.ts'
import styles from './traces.module.css'

export interface HeatMapProps {
  readonly latencies: ConsoleLatencies
  readonly onBrush: (brush: HeatBrush) => void
}

type Point = readonly [x: number, y: number]
const HEIGHT = 120
/** Shorter drags are clicks, and do nothing. */
const SHORTEST = 0.01

export function HeatMap({ latencies, onBrush }: HeatMapProps): ReactNode {
  const [drag, setDrag] = useState<readonly [Point, Point]>()
  const [asTable, setAsTable] = useState(false)
  const scale = heatScale(latencies)
  const place = (event: PointerEvent<HTMLElement>): Point => {
    const box = event.currentTarget.getBoundingClientRect()
    const part = (value: number): number => Math.min(1, Math.max(0, value))
    return [part((event.clientX - box.left) / box.width), part((event.clientY - box.top) / box.height)]
  }
  const finish = (): void => {
    if (drag && Math.abs(drag[0][0] - drag[1][0]) > SHORTEST) onBrush(brushOf(drag[0], drag[1], scale))
    setDrag(undefined)
  }
  const all = latencies.cells.reduce((sum, { traces }) => sum + traces, 0)
  return (
    <section className={styles['heat']} aria-label="Latencies">
      <div className={styles['heatHead']}>
        <h2>Latencies</h2>
        <span className="dim">
          {count(all)} traces by when they began and how long they took
          {latencies.exact ? '' : ' (those that may meet the filter)'}
        </span>
        <span className="grow" />
        <button type="button" className="plain" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          As a table
        </button>
      </div>
      {asTable ? (
        <CellTable latencies={latencies} />
      ) : (
        <div className={styles['heatBody']}>
          <div className={styles['heatAxis']} aria-hidden>
            {axis(scale).map((ms) => (
              <span key={ms} style={{ top: `${durationPlace(ms, scale) * 100}%` }}>
                {duration(ms)}
              </span>
            ))}
          </div>
          <div
            className={styles['heatArea']}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId)
              const at = place(event)
              setDrag([at, at])
            }}
            onPointerMove={(event) => drag && setDrag([drag[0], place(event)])}
            onPointerUp={finish}
          >
            <Cells latencies={latencies} label={`Heat map of ${all} traces; as a table beside it`} />
            {drag && <span className={styles['brush']} style={boxOf(drag)} />}
          </div>
          <div className={styles['heatTimes']} aria-hidden>
            <span>{clock(latencies.startMs).slice(0, 8)}</span>
            <span>{clock(latencies.endMs).slice(0, 8)}</span>
          </div>
        </div>
      )}
    </section>
  )
}

function Cells({ latencies, label }: { readonly latencies: ConsoleLatencies; readonly label: string }): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    // Drawn again in its colours.
    element.dataset['theme'] = theme
    const draw = (): void => drawCells(element, latencies)
    draw()
    const sizes = new ResizeObserver(draw)
    sizes.observe(element)
    return () => sizes.disconnect()
  }, [latencies, theme])
  return <canvas ref={canvas} height={HEIGHT} role="img" aria-label={label} />
}

function boxOf([a, b]: readonly [Point, Point]): Readonly<Record<string, string>> {
  const percent = (value: number): string => `${value * 100}%`
  return {
    left: percent(Math.min(a[0], b[0])),
    width: percent(Math.abs(a[0] - b[0])),
    top: percent(Math.min(a[1], b[1])),
    height: percent(Math.abs(a[1] - b[1])),
  }
}

/** Powers of ten in the scale. */
function axis({ low, high }: HeatScale): number[] {
  const found: number[] = []
  for (let power = Math.ceil(low); power <= high; power++) found.push(10 ** power)
  return found
}

function drawCells(canvas: HTMLCanvasElement, latencies: ConsoleLatencies): void {
  const dots = globalThis.devicePixelRatio || 1
  const width = canvas.clientWidth
  canvas.width = Math.max(1, Math.round(width * dots))
  canvas.height = Math.round(HEIGHT * dots)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(dots, dots)
  const [fine, failedColour] = resolveColours(['--hue-0', '--fault']) as [string, string]
  const scale = heatScale(latencies)
  const most = latencies.cells.reduce((found, { traces }) => Math.max(found, traces), 0)
  const columnPx = width / latencies.columns
  for (const { column, fromMs, toMs, traces, failed } of latencies.cells) {
    const top = durationPlace(toMs, scale) * HEIGHT
    const height = Math.max(2, durationPlace(fromMs, scale) * HEIGHT - top - 1)
    const cell = [column * columnPx, top, Math.max(2, columnPx - 1)] as const
    context.globalAlpha = strength(traces, most)
    context.fillStyle = fine
    context.fillRect(...cell, height)
    // Shape as well as colour: failed ones fill their share from below.
    const part = Math.max(failed > 0 ? 2 : 0, (failed / traces) * height)
    context.globalAlpha = 1
    context.fillStyle = failedColour
    context.fillRect(cell[0], top + height - part, cell[2], part)
  }
  context.globalAlpha = 1
}

const MOST_ROWS = 200

function CellTable({ latencies }: { readonly latencies: ConsoleLatencies }): ReactNode {
  const { cells, startMs, columnMs } = latencies
  return (
    <div className={styles['heatTable']} tabIndex={0} role="region" aria-label="Latencies as a table">
      <table>
        <thead>
          <tr>
            <th>From</th>
            <th>Duration</th>
            <th className="number">Traces</th>
            <th className="number">Failed</th>
          </tr>
        </thead>
        <tbody>
          {cells.slice(0, MOST_ROWS).map(({ column, fromMs, toMs, traces, failed }) => (
            <tr key={`${column}-${fromMs}`}>
              <td>{clock(startMs + column * columnMs)}</td>
              <td>
                {duration(fromMs)} – {duration(toMs)}
              </td>
              <td className="number">{count(traces)}</td>
              <td className="number">{count(failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {cells.length > MOST_ROWS && (
        <p className="dim">
          The first {MOST_ROWS} of {count(cells.length)} cells.
        </p>
      )}
    </div>
  )
}
