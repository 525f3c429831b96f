// The doors: which listen, what came through each, how a client is pointed at it; and a sample through it, to be sure.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleDashed, CircleOff, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ConsoleDoor, ConsoleDoorSample, ConsoleDoorState } from '../../../fnscope/src/api/console-types.ts'
import { api, send } from '../api.ts'
import { count } from '../format.ts'
import { announce } from '../parts/announce.ts'
import { Copied } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { PlainTable, type PlainColumn } from '../parts/PlainTable.tsx'
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
        <PlainTable columns={COLUMNS} rows={data.doors} rowKey={({ name }) => name} />
      )}
    </section>
  )
}

function DoorState({ door: { state, reason } }: { readonly door: ConsoleDoor }): ReactNode {
  const Icon = ICONS[state]
  return (
    <>
      <span className={styles['state']} data-state={state}>
        <Icon size={14} aria-hidden />
        {STATES[state]}
      </span>
      {reason !== undefined && <p className="dim">{reason}</p>}
    </>
  )
}

const COLUMNS: readonly PlainColumn<ConsoleDoor>[] = [
  {
    name: 'Door',
    render: ({ title, protocol }) => (
      <>
        {title} <span className="dim">{protocol}</span>
      </>
    ),
  },
  { name: 'State', render: (door) => <DoorState door={door} /> },
  { name: 'Address', render: ({ address }) => address !== undefined && <code>{address}</code> },
  {
    name: 'A client is told',
    render: ({ hint, title }) => hint !== '' && <Copied text={hint} label={`Copy what a client of ${title} is told`} />,
  },
  { name: 'Received', number: true, render: ({ received }) => count(received) },
  { name: 'Dropped', number: true, render: ({ dropped }) => count(dropped) },
  { name: 'Sample', render: (door) => door.sample && <Sample door={door} /> },
]

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
