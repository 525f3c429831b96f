// Nothing has come yet: which doors listen, what to tell a client, and a sample to try it. The page fills by itself.
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ConsoleDoor } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Skeleton } from '../parts/Skeleton.tsx'
import { commandsOf } from './commands.ts'
import styles from './live.module.css'

export function FirstRun(): ReactNode {
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery({ queryKey: ['doors'], queryFn: () => api.doors(), refetchInterval: 5000 })
  const sample = useMutation({ mutationFn: (door: string) => api.sendSample(door) })
  const openSample = async (door: string): Promise<void> => {
    const { traceId } = await sample.mutateAsync(door)
    if (traceId !== undefined) await navigate({ search: { sel: traceId }, to: '/' })
  }
  if (error !== null) return <Failure what="The doors could not be read" error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton label="Doors" />
  const first =
    data.doors.find(({ name, sample: has }) => has && name === 'otlp-http') ?? data.doors.find((door) => door.sample)
  return (
    <section className={styles['firstRun']}>
      <h2>Waiting for the first invocation</h2>
      <p className="dim">Run a function here, or send telemetry to any of these doors. This page fills by itself.</p>
      {first && (
        <p>
          <button
            type="button"
            className="primary"
            disabled={sample.isPending}
            onClick={() => void openSample(first.name)}
          >
            Send a sample trace
          </button>
        </p>
      )}
      {sample.error !== null && <Failure what="The sample was not taken" error={sample.error} />}
      <div className={styles['commands']}>
        {commandsOf(data.doors).map(({ title, command }) => (
          <article key={title}>
            <h3>{title}</h3>
            <CopyButton text={command} label={`Copy: ${title}`} />
            <pre>{command}</pre>
          </article>
        ))}
      </div>
      <h3>Doors</h3>
      <ul className={styles['doors']}>
        {data.doors.map((door) => (
          <Door key={door.name} door={door} />
        ))}
      </ul>
    </section>
  )
}

function Door({ door }: { readonly door: ConsoleDoor }): ReactNode {
  const { title, protocol, state, address, reason, received } = door
  return (
    <li>
      <span className={styles['dot']} data-state={state} aria-hidden />
      <span>
        {title} <span className="dim">{protocol}</span>
      </span>
      <span className="mono">{address ?? ''}</span>
      <span className="dim">
        {state === 'open' ? 'listens' : state}
        {reason !== undefined && `: ${reason}`}
        {received > 0 && `, ${received} received`}
      </span>
    </li>
  )
}
