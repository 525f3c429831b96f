// The lines that come in while one watches, newest first: those that are wanted, at most as many as a page keeps. While it
// is held they are counted and wait.
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { useLiveEvents } from '../parts/live-events.ts'

export interface LogTail {
  readonly lines: readonly ConsoleLogLine[]
  /** How many wait. */
  readonly waiting: number
  /** Lets those that wait in. */
  readonly release: () => void
}

export interface LogTailOptions {
  readonly isOn: boolean
  readonly isHeld: boolean
  readonly isWanted: (line: ConsoleLogLine) => boolean
  /** Another question: what came for the one before is let go. */
  readonly question: string
  /** Something was missed: ask for everything again. */
  readonly onMissed: () => void
}

const MOST = 2000
/** What comes in this time is one change of the page. */
const TOGETHER_MS = 100

interface Lines {
  readonly question: string
  readonly lines: readonly ConsoleLogLine[]
  readonly waiting: readonly ConsoleLogLine[]
}

export function useLogTail({ isOn, isHeld, isWanted, question, onMissed }: LogTailOptions): LogTail {
  const [kept, setKept] = useState<Lines>({ question, lines: [], waiting: [] })
  const come = useRef<ConsoleLogLine[]>([])
  const state = kept.question === question ? kept : { question, lines: [], waiting: [] }
  useLiveEvents(['log'], isOn, {
    on: (_, data) => {
      const line = data as ConsoleLogLine
      if (isWanted(line)) come.current.push(line)
    },
    missed: onMissed,
  })
  useEffect(() => {
    if (!isOn) return
    const timer = setInterval(() => {
      if (come.current.length === 0) return
      const newest = come.current.reverse().slice(0, MOST)
      come.current = []
      setKept((before) => {
        const same = before.question === question ? before : { question, lines: [], waiting: [] }
        return isHeld
          ? { ...same, waiting: [...newest, ...same.waiting].slice(0, MOST) }
          : { ...same, lines: [...newest, ...same.waiting, ...same.lines].slice(0, MOST), waiting: [] }
      })
    }, TOGETHER_MS)
    return () => clearInterval(timer)
  }, [isOn, isHeld, question])
  const release = useCallback(
    () => setKept((before) => ({ ...before, lines: [...before.waiting, ...before.lines].slice(0, MOST), waiting: [] })),
    [],
  )
  return { lines: state.lines, waiting: state.waiting.length, release }
}
