// Which rows of a list with rows of one height are drawn: those in view and some around, in steps, so that a scroll of a
// few rows draws nothing new. One read of the scroll position a frame.
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react'
import { flushSync } from 'react-dom'

export interface RowWindow {
  readonly first: number
  /** After the last. */
  readonly end: number
  /** Rows that are drawn where the list goes on: as many at every place. */
  readonly size: number
}

/** Of a row that is drawn: rows that leave lend theirs, and with it their elements, to those that come. */
export function slotOf(row: number, { size }: RowWindow): number {
  return row % size
}

/** The rows that are drawn: in order, or while one scrolls by slot, so that no element has to move among the others. */
export function drawnRows(shown: RowWindow, isScrolling: boolean): number[] {
  const rows = Array.from({ length: Math.max(0, shown.end - shown.first) }, (_, offset) => shown.first + offset)
  return isScrolling ? rows.sort((a, b) => slotOf(a, shown) - slotOf(b, shown)) : rows
}

const STEP = 8
/** Without a scroll for so long it is over. */
const REST_MS = 200

/** @param viewPx height of the view */
export function windowAt(scrollPx: number, viewPx: number, rowPx: number, count: number): RowWindow {
  const top = Math.floor(scrollPx / rowPx)
  const rows = Math.ceil(viewPx / rowPx)
  const first = Math.max(0, Math.floor(top / STEP) * STEP - STEP)
  const size = (Math.ceil(rows / STEP) + 2) * STEP
  return { first: Math.min(first, Math.max(0, count - 1)), end: Math.min(count, first + size), size }
}

export interface Windowed<Element extends HTMLElement> {
  readonly scroller: RefObject<Element | null>
  readonly shown: RowWindow
  readonly isScrolling: boolean
  /** Scrolls as little as needed. */
  readonly reveal: (row: number) => void
  /** Rows that fit. */
  readonly fits: () => number
}

/** @param headPx what sticks at the top of the scroller */
export function useWindow<Element extends HTMLElement>(count: number, rowPx: number, headPx = 0): Windowed<Element> {
  const scroller = useRef<Element>(null)
  const [shown, setShown] = useState<RowWindow>({ first: 0, end: 0, size: STEP })
  const [isScrolling, setScrolling] = useState(false)
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    let frame = 0
    let rest: ReturnType<typeof setTimeout> | undefined
    const measure = (): void => {
      frame = 0
      const next = windowAt(element.scrollTop, element.clientHeight, rowPx, count)
      setShown((before) =>
        before.first === next.first && before.end === next.end && before.size === next.size ? before : next,
      )
    }
    const later = (): void => {
      // In this frame and not after it: style and layout are worked out once.
      frame ||= requestAnimationFrame(() => flushSync(measure))
    }
    const scrolled = (): void => {
      later()
      if (rest === undefined) setScrolling(true)
      clearTimeout(rest)
      rest = setTimeout(() => {
        rest = undefined
        setScrolling(false)
      }, REST_MS)
    }
    measure()
    element.addEventListener('scroll', scrolled, { passive: true })
    const sizes = new ResizeObserver(later)
    sizes.observe(element)
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(rest)
      element.removeEventListener('scroll', scrolled)
      sizes.disconnect()
    }
  }, [count, rowPx])
  const reveal = useCallback(
    (row: number) => {
      const element = scroller.current
      if (element === null || row < 0) return
      const top = row * rowPx
      const view = element.clientHeight - headPx
      if (top < element.scrollTop) element.scrollTop = top
      else if (top + rowPx > element.scrollTop + view) element.scrollTop = top + rowPx - view
    },
    [rowPx, headPx],
  )
  const fits = useCallback(
    () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headPx) / rowPx) - 1),
    [rowPx, headPx],
  )
  return { scroller, shown, isScrolling, reveal, fits }
}
