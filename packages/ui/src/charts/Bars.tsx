// Bars beside each other, each of stacked parts; the same numbers are in the table that the caller shows, or in `text`.
import type { ReactNode } from 'react'
import styles from './charts.module.css'

export interface Bar {
  readonly key: string
  /** Said and shown for the bar: `10 ms to 15 ms: 7 calls`. */
  readonly text: string
  readonly parts: readonly { readonly name: string; readonly value: number; readonly color: string }[]
}

export interface BarsProps {
  readonly label: string
  readonly bars: readonly Bar[]
  readonly heightPx?: number
  readonly onPick?: (bar: Bar) => void
  /** Under the first and the last bar. */
  readonly ends?: readonly [string, string]
}

const LEAST_PX = 2

export function Bars({ label, bars, heightPx = 72, onPick, ends }: BarsProps): ReactNode {
  const sizeOf = (bar: Bar): number => bar.parts.reduce((sum, { value }) => sum + value, 0)
  const most = Math.max(1, ...bars.map(sizeOf))
  const whole = bars.map(({ text }) => text)
  const step = 100 / Math.max(1, bars.length)
  return (
    <figure className={styles['bars']}>
      <svg
        role="img"
        aria-label={`${label}. ${whole.length > 30 ? `${whole.length} columns` : whole.join('; ')}`}
        viewBox={`0 0 100 ${heightPx}`}
        preserveAspectRatio="none"
        height={heightPx}
        width="100%"
      >
        {bars.map((bar, at) => {
          let y = heightPx
          return (
            <g key={bar.key} className={onPick ? styles['pick'] : ''} onClick={onPick && (() => onPick(bar))}>
              <title>{bar.text}</title>
              <rect x={at * step} y={0} width={step} height={heightPx} fill="transparent" />
              {bar.parts.map(({ name, value, color }) => {
                const height = value === 0 ? 0 : Math.max(LEAST_PX, (value / most) * heightPx)
                y -= height
                return (
                  <rect key={name} x={at * step + step * 0.08} y={y} width={step * 0.84} height={height} fill={color} />
                )
              })}
            </g>
          )
        })}
      </svg>
      {ends && (
        <figcaption>
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </figcaption>
      )}
    </figure>
  )
}
