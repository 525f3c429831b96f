// A level as a glyph and a word: never its colour alone.
import type { ReactNode } from 'react'
import type { ConsoleLogLevel } from '../../../fnscope/src/api/console-types.ts'
import styles from './logs.module.css'

const GLYPHS: Readonly<Record<ConsoleLogLevel, string>> = {
  fatal: '‼',
  error: '✕',
  warn: '▲',
  info: 'i',
  debug: '◦',
  trace: '·',
  none: '',
}

export const LEVEL_COLORS: Readonly<Record<ConsoleLogLevel, string>> = {
  fatal: 'var(--throttle)',
  error: 'var(--fault)',
  warn: 'var(--error)',
  info: 'var(--hue-0)',
  debug: 'var(--hue-7)',
  trace: 'var(--line-strong)',
  none: 'var(--line-strong)',
}

export function Level({ level }: { readonly level: ConsoleLogLevel }): ReactNode {
  return (
    <span className={styles['level']} data-level={level}>
      <span aria-hidden="true">{GLYPHS[level]}</span>
      {level === 'none' ? '' : level}
    </span>
  )
}
