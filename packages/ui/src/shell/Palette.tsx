// Ctrl K: go to a page, or to anything that has an id: a trace, a request, a log line that was pasted.
import { useNavigate } from '@tanstack/react-router'
import { useState, type KeyboardEvent, type ReactNode } from 'react'
import { PAGES } from '../pages.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { setTheme } from '../theme.ts'
import { idsIn } from './ids.ts'
import styles from './shell.module.css'

interface Command {
  readonly name: string
  readonly hint?: string
  readonly run: () => void
}

export interface PaletteProps {
  readonly onClose: () => void
  readonly onSheet: () => void
}

export function Palette({ onClose, onSheet }: PaletteProps): ReactNode {
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const wanted = text.trim().toLowerCase()
  const pages: Command[] = PAGES.map(({ to, name, key }) => ({
    name,
    hint: `g ${key}`,
    run: () => void navigate({ to }),
  }))
  const others: Command[] = [
    { name: 'Theme: light', run: () => setTheme('light') },
    { name: 'Theme: dark', run: () => setTheme('dark') },
    { name: 'Theme: as the system', run: () => setTheme('system') },
    { name: 'Keyboard shortcuts', hint: '?', run: onSheet },
  ]
  const ids: Command[] = idsIn(text).map(({ id, what }) => ({
    name: `Open ${what} ${id}`,
    run: () => void navigate({ to: '/trace/$id', params: { id } }),
  }))
  const search: Command[] =
    wanted === '' || ids.length > 0
      ? []
      : [
          {
            name: `Search traces for ${text.trim()}`,
            run: () => void navigate({ to: '/traces', search: { q: text.trim() } }),
          },
        ]
  const named = [...pages, ...others].filter(({ name }) => name.toLowerCase().includes(wanted))
  const commands = [...ids, ...named, ...search]
  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((at + step + commands.length) % Math.max(1, commands.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(commands[at])
    }
  }
  return (
    <Dialog label="Command palette" onClose={onClose} className={styles['palette']}>
      <input
        type="text"
        role="combobox"
        aria-label="Command, trace id, request id or log line"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={commands.length > 0 ? `palette-${at}` : undefined}
        placeholder="Page, trace id, request id, log line …"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Commands">
        {commands.map((command, index) => (
          <li
            key={command.name}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={() => run(command)}
            onKeyDown={onKeyDown}
          >
            <span className="cut grow">{command.name}</span>
            {command.hint !== undefined && <kbd>{command.hint}</kbd>}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
