// Whether the page in view follows what comes in.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Radio } from 'lucide-react'
import type { ReactNode } from 'react'

export function LiveToggle(): ReactNode {
  const navigate = useNavigate()
  const { live = false } = useSearch({ from: '__root__' })
  return (
    <button
      type="button"
      className="icon"
      aria-pressed={live}
      aria-label="Follow what comes in"
      title="Follow what comes in"
      onClick={() => void navigate({ to: '.', search: (before) => ({ ...before, live: live ? undefined : true }) })}
    >
      <Radio size={15} aria-hidden />
    </button>
  )
}
