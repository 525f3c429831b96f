// What a run of many minutes is at, on standard error: a line a step.

export function progress(step: string): void {
  console.error(`${(performance.now() / 1000).toFixed(1).padStart(7)} s  ${step}`)
}
