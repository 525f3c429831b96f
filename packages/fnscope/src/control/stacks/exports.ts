// Exports of stacks and who imports them: a name is exported once, and what is in use stays what it is.
import type { RecordedOutput, StackRecord } from './stack-record.ts'

/** Those that import the name, of stacks that are there. */
export function importersOf(stacks: readonly StackRecord[], exportName: string): readonly StackRecord[] {
  return stacks.filter(({ deletedMs, imports }) => deletedMs === undefined && imports?.includes(exportName) === true)
}

/**
 * Checked once a stack's resources are made, in the cloud's words.
 * @param stacks all there are, the changed one as it was
 * @throws Error naming the export
 */
export function checkExports(stacks: readonly StackRecord[], id: string, outputs: readonly RecordedOutput[]): void {
  const others = stacks.filter((one) => one.id !== id && one.deletedMs === undefined)
  const now = new Map(
    outputs.flatMap(({ exportName, value }) => (exportName === undefined ? [] : [[exportName, value]])),
  )
  for (const name of now.keys()) {
    const other = others.find((one) => one.outputs.some(({ exportName }) => exportName === name))
    if (other !== undefined) throw new Error(`Export with name ${name} is already exported by stack ${other.name}.`)
  }
  const before = stacks.find((one) => one.id === id)?.outputs ?? []
  for (const { exportName, value } of before) {
    if (exportName === undefined || now.get(exportName) === value) continue
    const [importer] = importersOf(others, exportName)
    const what = now.has(exportName) ? 'updated' : 'deleted'
    if (importer !== undefined)
      throw new Error(`Export ${exportName} cannot be ${what} as it is in use by ${importer.name}`)
  }
}
