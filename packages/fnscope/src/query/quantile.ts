// Quantiles of response times as histograms have them: as exact as their codes, 0.5 % (5 % of coarse ones).
import { secondsOfCode, type Histogram } from './histogram.ts'

/** The response time in seconds that a share (0 to 1) of the calls does not exceed; undefined of no calls. */
export function quantileSeconds({ codes, counts }: Histogram, share: number): number | undefined {
  let total = 0
  for (const count of counts) total += count
  if (total === 0) return undefined
  // By the nearest rank: some call took that long.
  const rank = Math.max(1, Math.ceil(share * total))
  let seen = 0
  for (let i = 0; i < codes.length; i++) {
    seen += counts[i]!
    if (seen >= rank) return secondsOfCode(codes[i]!)
  }
  return secondsOfCode(codes.at(-1)!)
}
