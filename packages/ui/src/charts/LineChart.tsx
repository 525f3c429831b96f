// Lines over time on a canvas (uPlot). The same numbers are in the table that the caller shows beside it.
import { useEffect, useRef, type ReactNode } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clock, day } from '../format.ts'
import { useTheme } from '../theme.ts'
import styles from './charts.module.css'

export interface ChartLine {
  readonly name: string
  /** A custom property: `--hue-0`. */
  readonly color: string
  /** By column; undefined where there is none. */
  readonly values: readonly (number | undefined)[]
}

export interface LineChartProps {
  readonly label: string
  readonly startMs: number
  readonly columnMs: number
  readonly lines: readonly ChartLine[]
  readonly format: (value: number) => string
  /** A press on the chart: the column, and the line that is nearest there. */
  readonly onPick: (column: number, line: number) => void
}

const HEIGHT_PX = 260
const NEAR_PX = 40

/** A canvas has the colours that it was drawn with: another theme is another one. */
export function LineChart(props: LineChartProps): ReactNode {
  return <Canvas key={useTheme()} {...props} />
}

function Canvas({ label, startMs, columnMs, lines, format, onPick }: LineChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const pick = useRef(onPick)
  useEffect(() => {
    pick.current = onPick
  })
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const colorOf = (property: string): string => {
      element.style.color = `var(${property})`
      return getComputedStyle(element).color
    }
    const [text, grid] = [colorOf('--text-dim'), colorOf('--line')]
    const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } }
    const columns = lines[0]?.values.length ?? 0
    const chart = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        series: [
          {},
          ...lines.map(({ name, color }) => {
            const stroke = colorOf(color)
            return { label: name, stroke, width: 1.5, spanGaps: false, points: { show: true, size: 6, fill: stroke } }
          }),
        ],
        axes: [
          { ...axis, values: (_, splits) => splits.map(timeAt) },
          { ...axis, size: 70, values: (_, splits) => splits.map(format) },
        ],
      },
      [
        Array.from({ length: columns }, (_, column) => (startMs + (column + 0.5) * columnMs) / 1000),
        ...lines.map(({ values }) => values.map((value) => value ?? null)),
      ],
      element,
    )
    const onPress = (): void => {
      const { idx, top } = chart.cursor
      if (idx == null || top == null) return
      const distance = (line: number): number => {
        const value = chart.data[line + 1]?.[idx]
        return value == null ? Infinity : Math.abs(chart.valToPos(value, 'y') - top)
      }
      const nearest = lines.map((_, line) => line).sort((a, b) => distance(a) - distance(b))[0]
      if (nearest !== undefined && distance(nearest) <= NEAR_PX) pick.current(idx, nearest)
    }
    chart.over.addEventListener('click', onPress)
    const sizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    sizes.observe(element)
    return () => {
      sizes.disconnect()
      chart.destroy()
    }
  }, [lines, startMs, columnMs, format])
  const end = startMs + columnMs * (lines[0]?.values.length ?? 0)
  return (
    <div
      ref={place}
      role="img"
      aria-label={`${label}, ${clock(startMs)} to ${clock(end)}. Its numbers are in the table below.`}
      className={styles['chart']}
    />
  )
}

/** `14:05`; at the beginning of a day which one. */
function timeAt(seconds: number): string {
  const time = clock(seconds * 1000).slice(0, 5)
  return time === '00:00' ? day(seconds * 1000).slice(5) : time
}
