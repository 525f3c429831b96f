// What is around every page: rail, top bar, the keys that work everywhere, palette and shortcut sheet.
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { PAGES } from '../pages.ts'
import { copyText } from '../parts/CopyButton.tsx'
import { ErrorBoundary } from '../parts/ErrorBoundary.tsx'
import { ShortcutSheet } from '../parts/ShortcutSheet.tsx'
import { useShortcuts } from '../parts/shortcuts.ts'
import { exactLink } from './exact-link.ts'
import { Palette } from './Palette.tsx'
import { Rail } from './Rail.tsx'
import styles from './shell.module.css'
import { TopBar } from './TopBar.tsx'

export function Shell(): ReactNode {
  const navigate = useNavigate()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const [shown, setShown] = useState<'palette' | 'sheet' | undefined>()
  const close = (): void => setShown(undefined)
  useShortcuts('Everywhere', [
    { keys: 'Ctrl+k', does: 'Command palette', run: () => setShown('palette'), inFields: true },
    { keys: '?', does: 'This sheet', run: () => setShown('sheet') },
    { keys: '/', does: 'Search', run: focusSearch },
    {
      keys: 'c',
      does: 'Copy a link to this exact view',
      run: () => void copyText(exactLink(location.href, Date.now())),
    },
    ...PAGES.map(({ to, name, key }) => ({ keys: `g ${key}`, does: name, run: () => void navigate({ to }) })),
  ])
  useEffect(() => {
    const page = PAGES.find(({ to }) => to !== '/' && path.startsWith(to)) ?? (path === '/' ? PAGES[0] : undefined)
    document.title = page === undefined ? 'fnscope' : `${page.name} · fnscope`
  }, [path])
  return (
    <div className={styles['shell']}>
      <a className={styles['skip']} href="#page">
        Skip to the page
      </a>
      <Rail />
      <div className={styles['main']}>
        <TopBar onPalette={() => setShown('palette')} />
        <main id="page" tabIndex={-1} className={styles['page']}>
          <ErrorBoundary key={path} what="This page failed">
            <Outlet />
          </ErrorBoundary>
        </main>
      </div>
      <div id="announcements" role="status" aria-live="polite" className="unseen" />
      {shown === 'palette' && <Palette onClose={close} onSheet={() => setShown('sheet')} />}
      {shown === 'sheet' && <ShortcutSheet onClose={close} />}
    </div>
  )
}

/** The page's own search, else the global one. */
function focusSearch(): void {
  const field =
    document.querySelector<HTMLElement>('main [data-search]') ?? document.querySelector<HTMLElement>('[data-search]')
  field?.focus()
  if (field instanceof HTMLInputElement) field.select()
}
