// The last log lines, below the invocations; it stays at the newest unless one has scrolled away from it.
import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { clock } from '../format.ts'
import styles from './live.module.css'

const NEAR_PX = 40

export function LogTail({
  lines,
  paused,
}: {
  readonly lines: readonly ConsoleLogLine[]
  readonly paused: boolean
}): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const [held, setHeld] = useState<readonly ConsoleLogLine[]>()
  if (paused && held === undefined) setHeld(lines)
  if (!paused && held !== undefined) setHeld(undefined)
  const shown = held ?? lines
  useEffect(() => {
    const element = box.current
    if (element === null || shown.length === 0) return
    if (element.scrollHeight - element.scrollTop - element.clientHeight < element.clientHeight / 2 + NEAR_PX)
      element.scrollTop = element.scrollHeight
  }, [shown])
  if (shown.length === 0) return null
  return (
    <section ref={box} className={styles['tail']} aria-label="Newest log lines" tabIndex={0}>
      {shown.map((line, index) => (
        <p key={`${line.received}-${index}`} data-level={line.level}>
          <span className="dim">{clock(line.timeMs)}</span> <b>{line.function.slice(0, 60)}</b>{' '}
          {line.body.slice(0, 1000)}
        </p>
      ))}
    </section>
  )
}
