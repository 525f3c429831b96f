// fnscope's own counters, read from outside.

/** The sum of the series of `name` that carry all the labels, as `door="xray-daemon"`. */
export type ReadSeries = (name: string, ...labels: readonly string[]) => number

/** One reading of /metrics: everything in it is of one moment. */
export async function readMetrics(url: string): Promise<ReadSeries> {
  const text = await (await fetch(url)).text()
  return (name, ...labels) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(name) && labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
