// The keyboard, one listener for all: components say which keys do what while they are shown. Sequences (`g t`) wait a
// second for their second key. No key of a field is taken, none of the browser's, and all can be switched off.
import { useEffect, useRef } from 'react'

export interface Shortcut {
  /** `j`, `Shift+n`, `Enter`, `ArrowDown`, `?`, `Ctrl+k` (also ⌘), or a sequence: `g t`. */
  readonly keys: string
  readonly does: string
  readonly run: () => void
  /** True: also while a field has the focus. */
  readonly inFields?: boolean
}

export interface ShortcutGroup {
  readonly name: string
  readonly shortcuts: readonly Shortcut[]
}

const OFF_KEY = 'fnscope.shortcuts'
const SEQUENCE_MS = 1000
const groups = new Set<{ current: ShortcutGroup }>()
let first: { readonly key: string; readonly atMs: number } | undefined

export const areShortcutsOn = (): boolean => localStorage.getItem(OFF_KEY) !== 'off'
export function setShortcutsOn(on: boolean): void {
  if (on) localStorage.removeItem(OFF_KEY)
  else localStorage.setItem(OFF_KEY, 'off')
}

/** What is shown now, the page's own first. */
export const shortcutGroups = (): readonly ShortcutGroup[] => [...groups].map(({ current }) => current).reverse()

/** Keys of the calling component. Later ones (a drawer over a page) win. */
export function useShortcuts(name: string, shortcuts: readonly Shortcut[]): void {
  const group = useRef({ name, shortcuts })
  useEffect(() => {
    group.current = { name, shortcuts }
  })
  useEffect(() => {
    groups.add(group)
    return () => void groups.delete(group)
  }, [])
}

/** `Shift+n`, `Ctrl+k`, `?`: as `keys` above says them. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const { key } = event
  const letter = /^[a-z]$/i.test(key) ? key.toLowerCase() : key === ' ' ? 'Space' : key
  const shift = event.shiftKey && (letter.length > 1 || /^[a-z]$/.test(letter))
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${letter}`
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

/** Enter and Space belong to what has the focus, where that is something to press. */
function isPress(key: string, target: EventTarget | null): boolean {
  return (
    (key === 'Enter' || key === 'Space') && target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)
  )
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || /^(Shift|Control|Alt|Meta)$/.test(event.key)) return
  const key = keyName(event)
  const inField = isField(event.target)
  const inDialog = event.target instanceof Element && event.target.closest('dialog[open]') !== null
  if (isPress(key, event.target)) return
  const after = first !== undefined && performance.now() - first.atMs < SEQUENCE_MS ? `${first.key} ${key}` : undefined
  first = undefined
  const all = [...groups].reverse().flatMap(({ current }) => current.shortcuts)
  const usable = all.filter(({ keys, inFields }) => {
    if (inFields === true) return true
    return !inField && !inDialog && (areShortcutsOn() || keys.length > 1)
  })
  const found = (after && usable.find(({ keys }) => keys === after)) || usable.find(({ keys }) => keys === key)
  if (found) {
    event.preventDefault()
    found.run()
  } else if (usable.some(({ keys }) => keys.startsWith(`${key} `))) first = { key, atMs: performance.now() }
}

export function listenForShortcuts(): void {
  document.addEventListener('keydown', onKeyDown)
}
