// The columns of the Live page.
import { clock, duration } from '../format.ts'
import { Status, statusOf } from '../parts/Status.tsx'
import type { Column } from '../parts/Table.tsx'
import type { LiveRow } from './feed.ts'
import styles from './live.module.css'
import { ColdMark, PhaseBar } from './PhaseBar.tsx'

/** Bars are to the longest of the rows, by a logarithm: one slow call leaves the others to be seen. */
export function liveColumns(rows: readonly LiveRow[]): readonly Column<LiveRow>[] {
  const longest = rows.reduce((most, row) => (row.kind === 'trace' ? Math.max(most, row.trace.durationMs) : most), 1)
  const share = (ms: number): number => Math.max(1, (Math.log1p(ms) / Math.log1p(longest)) * 100)
  return [
    {
      key: 'time',
      name: 'Time',
      width: '104px',
      render: (row) =>
        row.kind === 'mark' ? (
          <b className={styles['mark']}>{clock(row.atMs)}</b>
        ) : (
          <span className="mono">{clock(row.trace.startMs)}</span>
        ),
    },
    {
      key: 'status',
      name: 'Status',
      width: '84px',
      render: (row) =>
        row.kind === 'mark' ? <b className={styles['mark']}>────</b> : <Status status={statusOf(row.trace)} />,
    },
    {
      key: 'name',
      name: 'Invocation',
      width: 'minmax(120px, 1.2fr)',
      render: (row) => {
        if (row.kind === 'mark') return <b className={styles['mark']}>{row.text}</b>
        const { method = '', name, service } = row.trace
        return (
          <>
            {`${method} ${name}`.trim().slice(0, 200) || '(no name)'}
            {service !== name && <span className="dim"> {service.slice(0, 100)}</span>}
            {row.phases?.cold === true && <ColdMark />}
          </>
        )
      },
    },
    {
      key: 'code',
      name: 'HTTP',
      width: '46px',
      number: true,
      render: (row) => (row.kind === 'mark' ? '' : (row.trace.status ?? '')),
    },
    {
      key: 'duration',
      name: 'Duration',
      width: '84px',
      number: true,
      render: (row) => (row.kind === 'mark' ? '' : duration(row.trace.durationMs)),
    },
    {
      key: 'bar',
      name: 'Of the longest',
      width: 'minmax(60px, 1fr)',
      render: (row) => (row.kind === 'mark' ? null : <PhaseBar row={row} percent={share(row.trace.durationMs)} />),
    },
    {
      key: 'logs',
      name: 'Logs',
      width: '46px',
      number: true,
      render: (row) => (row.kind === 'trace' && row.logs > 0 ? row.logs : ''),
    },
  ]
}
