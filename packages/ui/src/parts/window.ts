// Which rows of a list with rows of one height are drawn: those in view and some around, in steps, so that a scroll of a
// few rows draws nothing new. One read of the scroll position a frame.
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react'

export interface RowWindow {
  readonly first: number
  /** After the last. */
  readonly end: number
  /** Rows that are drawn where the list goes on: as many at every place. */
  readonly size: number
}

const STEP = 8

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
  /** Scrolls as little as needed. */
  readonly reveal: (row: number) => void
  /** Rows that fit. */
  readonly fits: () => number
}

/** @param headPx what sticks at the top of the scroller */
export function useWindow<Element extends HTMLElement>(count: number, rowPx: number, headPx = 0): Windowed<Element> {
  const scroller = useRef<Element>(null)
  const [shown, setShown] = useState<RowWindow>({ first: 0, end: 0, size: STEP })
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    let frame = 0
    const measure = (): void => {
      frame = 0
      const next = windowAt(element.scrollTop, element.clientHeight, rowPx, count)
      setShown((before) =>
        before.first === next.first && before.end === next.end && before.size === next.size ? before : next,
      )
    }
    const later = (): void => {
      frame ||= requestAnimationFrame(measure)
    }
    measure()
    element.addEventListener('scroll', later, { passive: true })
    const sizes = new ResizeObserver(later)
    sizes.observe(element)
    return () => {
      cancelAnimationFrame(frame)
      element.removeEventListener('scroll', later)
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
  return { scroller, shown, reveal, fits }
}
