// Lays maps out beside the page's own thread. One question, one answer, in order.
import { layout, type LayoutInput } from './layout.ts'

globalThis.addEventListener(
  'message',
  ({ data }: MessageEvent<{ readonly number: number; readonly of: LayoutInput }>) =>
    globalThis.postMessage({ number: data.number, layout: layout(data.of) }),
)
