// The doors: which listen, what came through each, how a client is pointed at it; and a sample through it, to be sure.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleDashed, CircleOff, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ConsoleDoor, ConsoleDoorSample, ConsoleDoorState } from '../../../fnscope/src/api/console-types.ts'
import { api, send } from '../api.ts'
import { count } from '../format.ts'
import { announce } from '../parts/announce.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import styles from './settings.module.css'

const ICONS = { open: CircleCheck, partial: TriangleAlert, closed: CircleOff, off: CircleDashed }
const STATES: Readonly<Record<ConsoleDoorState, string>> = {
  open: 'listens',
  partial: 'listens in part',
  closed: 'closed',
  off: 'off',
}
const EVERY_MS = 5000

export function Doors(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['doors'],
    queryFn: ({ signal }) => api.doors({}, signal),
    refetchInterval: EVERY_MS,
  })
  return (
    <section>
      <h2>Doors</h2>
      {error !== null && <Failure what="The doors could not be read" error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <Skeleton label="Doors" />
      ) : (
        <div className={styles['wide']}>
          <table>
            <thead>
              <tr>
                <th scope="col">Door</th>
                <th scope="col">State</th>
                <th scope="col">Address</th>
                <th scope="col">A client is told</th>
                <th scope="col" className="number">
                  Received
                </th>
                <th scope="col" className="number">
                  Dropped
                </th>
                <th scope="col">Sample</th>
              </tr>
            </thead>
            <tbody>
              {data.doors.map((door) => (
                <DoorRow key={door.name} door={door} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function DoorRow({ door }: { readonly door: ConsoleDoor }): ReactNode {
  const Icon = ICONS[door.state]
  return (
    <tr>
      <th scope="row">
        {door.title} <span className="dim">{door.protocol}</span>
      </th>
      <td>
        <span className={styles['state']} data-state={door.state}>
          <Icon size={14} aria-hidden />
          {STATES[door.state]}
        </span>
        {door.reason !== undefined && <p className="dim">{door.reason}</p>}
      </td>
      <td>
        <code>{door.address ?? ''}</code>
      </td>
      <td>
        {door.hint !== '' && (
          <span className={styles['hint']}>
            <code>{door.hint}</code>
            <CopyButton text={door.hint} label={`Copy what a client of ${door.title} is told`} />
          </span>
        )}
      </td>
      <td className="number">{count(door.received)}</td>
      <td className="number">{count(door.dropped)}</td>
      <td>{door.sample && <Sample door={door} />}</td>
    </tr>
  )
}

function Sample({ door }: { readonly door: ConsoleDoor }): ReactNode {
  const queries = useQueryClient()
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => send<ConsoleDoorSample>('POST', `/api/doors/${encodeURIComponent(door.name)}/sample`),
    onSuccess: async ({ sentBytes }) => {
      announce(`${sentBytes} bytes went through ${door.title}.`)
      await queries.invalidateQueries({ queryKey: ['doors'] })
    },
  })
  return (
    <span className="row">
      <button
        type="button"
        disabled={isPending}
        aria-label={`Send me a sample: ${door.title}`}
        onClick={() => mutate()}
      >
        Send me a sample
      </button>
      {data?.traceId !== undefined && (
        <Link to="/trace/$id" params={{ id: data.traceId }} aria-label={`Trace of the sample: ${door.title}`}>
          Its trace
        </Link>
      )}
      {data !== undefined && data.traceId === undefined && (
        <Link to="/metrics" search={{ q: 'sample' }}>
          Its metric
        </Link>
      )}
      {error !== null && <span role="alert">✕ {error.message}</span>}
    </span>
  )
}
