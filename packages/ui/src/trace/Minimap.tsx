// All rows of the trace in a strip, on a canvas; dragging over it zooms. Keys and buttons do the same (w s a d f 0).
import { useEffect, useRef, type PointerEvent, type ReactNode } from 'react'
import { HUES, resolveColours } from '../parts/colours.ts'
import { useTheme } from '../theme.ts'
import { FAILED, timeOf, type SpanTree } from './rows.ts'
import { clampView, WHOLE, type View } from './scale.ts'
import styles from './trace.module.css'

export interface MinimapProps {
  readonly tree: SpanTree
  readonly view: View
  readonly onView: (view: View) => void
}

const HEIGHT = 44
/** A drag shorter than this is a click: it zooms to nothing. */
const SHORTEST = 0.004

export function Minimap({ tree, view, onView }: MinimapProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  const from = useRef<number>(undefined)
  const theme = useTheme()
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    // Drawn again in its colours.
    element.dataset['theme'] = theme
    const draw = (): void => drawRows(element, tree)
    draw()
    const sizes = new ResizeObserver(draw)
    sizes.observe(element)
    return () => sizes.disconnect()
  }, [tree, theme])
  const place = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  }
  return (
    <div
      className={styles['minimap']}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        from.current = place(event)
      }}
      onPointerUp={(event) => {
        const [a, b] = [from.current ?? 0, place(event)]
        from.current = undefined
        onView(Math.abs(a - b) < SHORTEST ? WHOLE : clampView({ from: Math.min(a, b), to: Math.max(a, b) }))
      }}
    >
      <canvas ref={canvas} height={HEIGHT} aria-hidden />
      <span className={styles['minimapOff']} style={{ left: 0, width: `${view.from * 100}%` }} />
      <span className={styles['minimapOff']} style={{ left: `${view.to * 100}%`, right: 0 }} />
    </div>
  )
}

function drawRows(canvas: HTMLCanvasElement, tree: SpanTree): void {
  const scale = globalThis.devicePixelRatio || 1
  const width = canvas.clientWidth
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.round(HEIGHT * scale)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(scale, scale)
  const [fault, ...hues] = resolveColours(['--fault', ...HUES]) as [string, ...string[]]
  const { spans } = tree.columns
  const rowPx = HEIGHT / Math.max(tree.count, 1)
  const thick = Math.min(4, Math.max(0.6, rowPx * 0.8))
  for (let row = 0; row < tree.count; row++) {
    const { startUs, endUs } = timeOf(tree, row)
    const failed = (spans.flags[row]! & FAILED) !== 0
    context.fillStyle = failed ? fault : hues[tree.hueOf.get(spans.service[row]!) ?? 0]!
    const x = (startUs / tree.lengthUs) * width
    context.fillRect(
      x,
      Math.min(row * rowPx, HEIGHT - thick),
      Math.max(1, ((endUs - startUs) / tree.lengthUs) * width),
      thick,
    )
  }
}
