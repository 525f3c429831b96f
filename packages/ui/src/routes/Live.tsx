// The newest invocations as they come, their log lines below, one of them in the drawer; with no data yet, where to send.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react'
import { count } from '../format.ts'
import { FirstRun } from '../live/FirstRun.tsx'
import { muteKey, type LiveRow } from '../live/feed.ts'
import { liveColumns } from '../live/live-columns.tsx'
import styles from '../live/live.module.css'
import { LogTail } from '../live/LogTail.tsx'
import { Mutes, readMutes, saveMutes } from '../live/Mutes.tsx'
import { useLive } from '../live/use-live.ts'
import { Failure } from '../parts/Failure.tsx'
import { useShortcuts } from '../parts/shortcuts.ts'
import { Skeleton } from '../parts/Skeleton.tsx'
import { Table } from '../parts/Table.tsx'

const TracePreview = lazy(
  async () => await import('../live/TracePreview.tsx').then(({ TracePreview: page }) => ({ default: page })),
)

export function Live(): ReactNode {
  const { sel } = useSearch({ from: '/' })
  const navigate = useNavigate({ from: '/' })
  const { feed, state, connection, loaded, error } = useLive()
  const { rows, lines, paused, waiting, muted, missed } = state
  const [atKey, setAtKey] = useState('')
  const [mutes, setMutes] = useState(readMutes)
  useEffect(() => {
    feed.mute(mutes)
    saveMutes(mutes)
  }, [feed, mutes])
  const at = useMemo(() => rows.findIndex(({ key }) => key === atKey), [rows, atKey])
  const here = rows[at]
  const moveTo = (index: number): void => setAtKey(rows[index]?.key ?? '')
  const open = (row: LiveRow | undefined): void => {
    if (row?.kind === 'trace')
      void navigate({ search: (before) => ({ ...before, sel: row.trace.id }), replace: sel !== undefined })
  }
  const close = (): void => void navigate({ search: (before) => ({ ...before, sel: undefined }) })
  const muteHere = (): void => {
    if (here?.kind === 'trace') setMutes(new Set([...mutes, muteKey(here.trace)]))
  }
  const toWhole = (): void => {
    if (here?.kind === 'trace') void navigate({ to: '/trace/$id', params: { id: here.trace.id } })
  }
  useShortcuts('Live', [
    { keys: 'Space', does: 'Pause, go on', run: () => feed.pause(!paused) },
    { keys: 'j', does: 'Next row', run: () => moveTo(Math.min(rows.length - 1, at + 1)) },
    { keys: 'k', does: 'Row above', run: () => moveTo(Math.max(0, at - 1)) },
    { keys: 'Enter', does: 'Open the trace beside', run: () => open(here) },
    { keys: 'Shift+Enter', does: 'Open the whole trace', run: toWhole },
    { keys: 'm', does: 'Mute what the row is', run: muteHere },
    { keys: 'b', does: 'Mark a new run', run: () => feed.mark('New run', Date.now()) },
    { keys: 'Delete', does: 'Clear the view', run: () => feed.clear() },
  ])
  const columns = useMemo(() => liveColumns(rows), [rows])
  const isEmpty = loaded && rows.length === 0 && waiting === 0 && muted === 0
  return (
    <div className={styles['page']}>
      <div className={styles['bar']}>
        <h1>Live</h1>
        <span className={styles['connection']} data-state={connection} role="status">
          {connection === 'open' ? 'connected' : connection === 'lost' ? 'connection lost: trying again' : 'connecting'}
        </span>
        <button type="button" aria-pressed={paused} onClick={() => feed.pause(!paused)}>
          {paused ? 'Go on' : 'Pause'}
        </button>
        {waiting > 0 && (
          <button type="button" className="primary" onClick={() => feed.pause(false)}>
            {count(waiting)} new
          </button>
        )}
        <button type="button" onClick={() => feed.mark('New run', Date.now())}>
          Mark a new run
        </button>
        <button type="button" onClick={() => feed.clear()}>
          Clear
        </button>
        <button type="button" disabled={here?.kind !== 'trace'} onClick={muteHere}>
          Mute
        </button>
        <Mutes mutes={mutes} muted={muted} onChange={setMutes} />
        {missed > 0 && <span className="dim">{count(missed)} came faster than they can be told</span>}
      </div>
      {error !== undefined && rows.length === 0 && <Failure what="What is stored could not be read" error={error} />}
      {!loaded && error === undefined && <Skeleton label="Live" rows={16} />}
      {isEmpty && <FirstRun />}
      {rows.length > 0 && (
        <div className={styles['beside']}>
          <div className={styles['left']}>
            <Table
              label="Newest invocations"
              columns={columns}
              rows={rows}
              rowKey={({ key }) => key}
              at={at}
              onMove={moveTo}
              onOpen={open}
              {...(here && sel !== undefined && { open: here.key })}
            />
            <LogTail lines={lines} paused={paused} />
          </div>
          {sel !== undefined && (
            <Suspense fallback={<Skeleton label="Trace" />}>
              <TracePreview id={sel} onClose={close} />
            </Suspense>
          )}
        </div>
      )}
    </div>
  )
}
