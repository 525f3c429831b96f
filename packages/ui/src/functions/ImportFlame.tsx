// What an initialization was made of as a flame graph: bars by start and duration, what lies in one below it. One tab stop;
// arrows walk, Enter shows one alone, Escape all. The same as a list stands below it.
import { useMemo, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react'
import type { ConsoleColdStartPart } from '../../../fnscope/src/api/console-types.ts'
import { count, duration } from '../format.ts'
import { packageOf } from './cold-start-sums.ts'
import { flameBars, placeIn, stepFrom, wholeView, type FlameBar } from './flame.ts'
import styles from './functions.module.css'

const LINE_PX = 24
const HUES = 8

export function ImportFlame({ parts }: { readonly parts: readonly ConsoleColdStartPart[] }): ReactNode {
  const bars = useMemo(() => flameBars(parts), [parts])
  const whole = useMemo(() => wholeView(bars), [bars])
  const [at, setAt] = useState(-1)
  const [zoomed, setZoomed] = useState(-1)
  const shown = bars[zoomed]?.part
  const view = shown === undefined || shown.ms === 0 ? whole : { fromMs: shown.offsetMs, ms: shown.ms }
  const placed = bars.flatMap((bar, index) => {
    const place = placeIn(bar, view)
    return place === undefined ? [] : [{ bar, index, ...place }]
  })
  const deepest = Math.max(0, ...placed.map(({ bar }) => bar.depth))
  const here = bars[at]
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const next = stepFrom(bars, at, event.key)
    if (next !== undefined) {
      setAt(next)
      if (placeIn(bars[next]!, view) === undefined) setZoomed(bars[next]!.parent)
    } else if (event.key === 'Enter') setZoomed(at)
    else if (event.key === 'Escape' && zoomed !== -1) setZoomed(-1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const isDrawn = placed.some(({ index }) => index === at)
  return (
    <>
      <div
        role="tree"
        aria-label="Imports by time"
        tabIndex={0}
        aria-activedescendant={isDrawn ? `flame-${at}` : undefined}
        className={styles['flame']}
        style={{ height: (deepest + 1) * LINE_PX }}
        onKeyDown={onKeyDown}
      >
        {placed.map(({ bar, index, left, width }) => (
          <div
            key={index}
            id={`flame-${index}`}
            role="treeitem"
            aria-level={bar.depth + 1}
            aria-selected={index === at}
            aria-label={wordsOf(bar)}
            title={wordsOf(bar)}
            style={
              {
                left: `${left}%`,
                width: `${width}%`,
                top: bar.depth * LINE_PX,
                '--own': `var(--hue-${hueOf(bar)})`,
              } as CSSProperties
            }
            onClick={() => setAt(index)}
            onDoubleClick={() => setZoomed(index)}
          >
            {width > 3 && bar.part.name}
          </div>
        ))}
      </div>
      <p className="row">
        <span role="status">{here === undefined ? 'Arrows walk, Enter shows one alone.' : wordsOf(here)}</span>
        {here !== undefined && here !== bars[zoomed] && (
          <button type="button" onClick={() => setZoomed(at)}>
            Show it alone
          </button>
        )}
        {shown !== undefined && (
          <button type="button" onClick={() => setZoomed(-1)}>
            Show all
          </button>
        )}
        {shown === undefined && placed.length < bars.length && (
          <span className="dim">
            {count(bars.length - placed.length)} are too short to be drawn: the list has them.
          </span>
        )}
      </p>
    </>
  )
}

function wordsOf({ part: { name, offsetMs, ms, selfMs, children } }: FlameBar): string {
  const own = children.length === 0 ? '' : `, itself ${duration(selfMs)}`
  return `${name}: ${duration(ms)}${own}, at ${duration(offsetMs)}`
}

/** Of its package: the same at every place. */
function hueOf({ part }: FlameBar): number {
  let sum = 0
  for (const letter of packageOf(part.name)) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521
  return sum % HUES
}
