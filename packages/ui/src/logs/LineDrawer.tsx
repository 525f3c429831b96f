// One log line: whole, its members to filter for and to make columns of, where it came from, and what stands around it.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { api } from '../api.ts'
import { clock, moment } from '../format.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Drawer } from '../parts/Drawer.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import type { KeyedLine } from './keyed-lines.ts'
import { Level } from './Level.tsx'
import { membersOf } from './line-members.ts'
import styles from './logs.module.css'

export interface LineDrawerProps {
  readonly line: KeyedLine
  readonly columns: readonly string[]
  readonly onClose: () => void
  readonly onFilter: (path: string, value: string) => void
  readonly onColumn: (path: string) => void
}

export function LineDrawer({ line, columns, onClose, onFilter, onColumn }: LineDrawerProps): ReactNode {
  const { members } = membersOf(line.body)
  const [shownAround, setShownAround] = useState<string>()
  const isAround = shownAround === line.key
  return (
    <Drawer
      label={`Line of ${clock(line.timeMs)}`}
      onClose={onClose}
      actions={<CopyButton text={line.body} label="Copy the line" />}
    >
      <div className={styles['drawer']}>
        <p className="row">
          <Level level={line.level} />
          <span>{moment(line.timeMs)}</span>
          {line.traceId !== undefined && (
            <Link to="/trace/$id" params={{ id: line.traceId }}>
              Trace
            </Link>
          )}
          {line.requestId !== undefined && (
            <Link to="/logs" search={(before) => ({ from: before.from, to: before.to, request: line.requestId })}>
              All lines of its request
            </Link>
          )}
        </p>
        <pre className={styles['whole']}>{indented(line.body)}</pre>
        {members.length > 0 && (
          <table>
            <caption className="unseen">Members of the line</caption>
            <tbody>
              {members.map(([path, value]) => (
                <tr key={path}>
                  <th scope="row">{path}</th>
                  <td className={styles['value']}>{value}</td>
                  <td>
                    <span className="row">
                      <button type="button" aria-label={`Filter for ${path}`} onClick={() => onFilter(path, value)}>
                        Filter
                      </button>
                      <button
                        type="button"
                        aria-label={`Column ${path}`}
                        aria-pressed={columns.includes(path)}
                        onClick={() => onColumn(path)}
                      >
                        Column
                      </button>
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <table>
          <caption className="unseen">Where the line came from</caption>
          <tbody>
            {placeOf(line).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className={styles['value']}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {isAround ? (
          <Around line={line} />
        ) : (
          <div>
            <button type="button" onClick={() => setShownAround(line.key)}>
              What stands around it
            </button>
          </div>
        )}
      </div>
    </Drawer>
  )
}

function placeOf(line: KeyedLine): readonly (readonly [string, string])[] {
  const place: readonly (readonly [string, string | undefined])[] = [
    ['Kind', line.kind],
    ['Function or service', line.function],
    ['Log group', line.logGroup],
    ['Log stream', line.logStream],
    ['Request', line.requestId],
    ['Trace', line.traceId],
  ]
  return place.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '')
}

function Around({ line }: { readonly line: KeyedLine }): ReactNode {
  const asked = { time: line.time, group: line.logGroup, stream: line.logStream, lines: 10 }
  const { data, error, refetch } = useQuery({
    queryKey: ['context', asked],
    queryFn: ({ signal }) => api.logContext(asked, signal),
  })
  if (error !== null)
    return <Failure what="The lines around it could not be read" error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton label="Lines around it" />
  return (
    <section>
      <h3>Around it in its stream</h3>
      <ol className={styles['around']}>
        {data.lines.map((one, at) => (
          // Lines of one stream and time may be equal, letter for letter: their place is what they have of their own.
          <li key={`${one.time} ${at}`} aria-current={one.time === line.time && one.body === line.body}>
            <span className={styles['time']}>{clock(one.timeMs)}</span> {one.body}
          </li>
        ))}
      </ol>
    </section>
  )
}

function indented(body: string): string {
  try {
    return body.trimStart().startsWith('{') ? JSON.stringify(JSON.parse(body), null, 2) : body
  } catch {
    return body
  }
}
