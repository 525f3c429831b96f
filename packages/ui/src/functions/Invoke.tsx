// A call of a function with an event: written here, or one that was saved; its answer, its log, its trace.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type KeyboardEvent, type ReactNode } from 'react'
import type { ConsoleSavedEvent } from '../../../fnscope/src/api/console-types.ts'
import { api, send, sendWritten } from '../api.ts'
import { invokeFunction, type InvokeResult } from '../aws-api.ts'
import { duration } from '../format.ts'
import { announce } from '../parts/announce.ts'
import { CopyButton } from '../parts/CopyButton.tsx'
import { Failure } from '../parts/Failure.tsx'
import { Status } from '../parts/Status.tsx'
import styles from './functions.module.css'

const EMPTY_EVENT = '{\n  "key": "value"\n}'

export function Invoke({ name }: { readonly name: string }): ReactNode {
  const { event: opened } = useSearch({ from: '/functions/$name' })
  const navigate = useNavigate({ from: '/functions/$name' })
  const queries = useQueryClient()
  const [payload, setPayload] = useState(EMPTY_EVENT)
  const [eventName, setEventName] = useState('')
  const [asynchronous, setAsynchronous] = useState(false)
  const events = useQuery({ queryKey: ['events', name], queryFn: ({ signal }) => api.savedEvents(name, signal) })
  const saved = events.data?.events ?? []
  const chosen = saved.find((one) => one.name === opened)
  const [loaded, setLoaded] = useState<ConsoleSavedEvent>()
  if (chosen !== loaded) {
    setLoaded(chosen)
    if (chosen !== undefined) {
      setPayload(chosen.payload)
      setEventName(chosen.name)
    }
  }
  const call = useMutation({
    mutationFn: () => invokeFunction(name, payload, { asynchronous }),
    onSuccess: async ({ functionError, tookMs }) => {
      announce(functionError === undefined ? `Answered in ${duration(tookMs)}.` : `It failed: ${functionError}.`)
      await queries.invalidateQueries({ queryKey: ['functions'] })
    },
  })
  const path = (event: string): string =>
    `/api/functions/${encodeURIComponent(name)}/events/${encodeURIComponent(event)}`
  const stored = async (event: string | undefined): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['events', name] })
    await navigate({ search: (before) => ({ ...before, event }) })
  }
  const save = useMutation({
    mutationFn: () => sendWritten('PUT', path(eventName), payload),
    onSuccess: () => stored(eventName),
  })
  const remove = useMutation({
    mutationFn: ({ name: event }: ConsoleSavedEvent) => send('DELETE', path(event)),
    onSuccess: () => stored(undefined),
  })
  const problem = jsonProblem(payload)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || problem !== undefined || call.isPending) return
    event.preventDefault()
    call.mutate()
  }
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label="Invoke">
      <div className={styles['invoke']}>
        <section>
          <h2>Event</h2>
          {saved.length > 0 && (
            <ul className={styles['saved']} aria-label="Saved events">
              {saved.map((one) => (
                <li key={one.name}>
                  <button
                    type="button"
                    aria-pressed={one === chosen}
                    onClick={() => void navigate({ search: (before) => ({ ...before, event: one.name }) })}
                  >
                    {one.name}
                  </button>
                </li>
              ))}
            </ul>
          )}
          <textarea
            aria-label="Event as JSON"
            aria-invalid={problem !== undefined}
            spellCheck={false}
            value={payload}
            onChange={({ target }) => setPayload(target.value)}
            onKeyDown={onKeyDown}
          />
          {problem !== undefined && <p role="status">✕ {problem}</p>}
          <div className="row">
            <button
              type="button"
              className="primary"
              disabled={problem !== undefined || call.isPending}
              onClick={() => call.mutate()}
            >
              {call.isPending ? 'Running' : 'Invoke'}
            </button>
            <span className="dim">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            </span>
            <label>
              <input
                type="checkbox"
                checked={asynchronous}
                onChange={({ target }) => setAsynchronous(target.checked)}
              />{' '}
              as an event, without waiting
            </label>
          </div>
          <div className="row">
            <input
              type="text"
              aria-label="Name of the event"
              placeholder="Name to save it under"
              value={eventName}
              onChange={({ target }) => setEventName(target.value)}
            />
            <button
              type="button"
              disabled={eventName.trim() === '' || problem !== undefined}
              onClick={() => save.mutate()}
            >
              Save the event
            </button>
            {chosen && (
              <button type="button" onClick={() => remove.mutate(chosen)}>
                Delete {chosen.name}
              </button>
            )}
          </div>
          {save.error !== null && <Failure what="The event was not saved" error={save.error} />}
        </section>
        <section aria-live="polite">
          <h2>Answer</h2>
          {call.error !== null && <Failure what="It was not called" error={call.error} />}
          {call.data === undefined ? (
            call.error === null && <p className="dim">Nothing was called yet.</p>
          ) : (
            <Answer of={call.data} />
          )}
        </section>
      </div>
    </div>
  )
}

function Answer({ of }: { readonly of: InvokeResult }): ReactNode {
  const { functionError, payload, logTail, requestId, traceId, tookMs, status } = of
  return (
    <>
      <div className="row">
        <Status status={functionError === undefined ? 'ok' : 'fault'} text={functionError ?? `${status}`} />
        <span>{duration(tookMs)}</span>
        {traceId !== undefined && (
          <Link to="/trace/$id" params={{ id: traceId }}>
            Trace
          </Link>
        )}
        {requestId !== undefined && (
          <>
            <Link to="/logs" search={(before) => ({ from: before.from, to: before.to, request: requestId })}>
              Log lines
            </Link>
            <CopyButton text={requestId} label="Copy the request id" />
          </>
        )}
      </div>
      {status === 202 ? (
        <p>It was queued: nobody waits for its answer.</p>
      ) : (
        <pre className={styles['output']} tabIndex={0}>
          {indented(payload)}
        </pre>
      )}
      {logTail !== '' && (
        <>
          <h2>The end of its log</h2>
          <pre className={styles['output']} tabIndex={0}>
            {logTail}
          </pre>
        </>
      )}
    </>
  )
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2)
  } catch {
    return json
  }
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
