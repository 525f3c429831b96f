// A page that fails takes nothing else with it.
import { Component, type ReactNode } from 'react'
import { Failure } from './Failure.tsx'

export interface ErrorBoundaryProps {
  readonly what: string
  readonly children: ReactNode
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly error: unknown }> {
  override state = { error: undefined as unknown }

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    const { what, children } = this.props
    if (this.state.error === undefined) return children
    return <Failure what={what} error={this.state.error} onRetry={() => this.setState({ error: undefined })} />
  }
}
