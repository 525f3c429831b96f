// Which runtime the function was configured for; the Node that runs it may be another that stands in.

/** 20 for nodejs20.x. */
export function runtimeMajor() {
  const named = /nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? '')?.[1]
  return Number(named ?? process.versions.node.split('.')[0])
}
