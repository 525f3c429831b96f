// The waterfall as a file: SVG, or PNG made of it by the browser.
import { announce } from '../parts/announce.ts'
import { HUES, resolveColours } from '../parts/colours.ts'
import { saveAs } from '../parts/save-as.ts'
import { pictureOf, type PictureColours } from './picture.ts'
import type { Row, SpanTree } from './rows.ts'

function colours(): PictureColours {
  const [background, text, line, fault, ...hues] = resolveColours(['--bg', '--text', '--line', '--fault', ...HUES])
  return { background: background!, text: text!, line: line!, fault: fault!, hues }
}

export function exportSvg(tree: SpanTree, rows: readonly Row[]): void {
  saveAs(`trace-${tree.columns.id}.svg`, new Blob([pictureOf(tree, rows, colours())], { type: 'image/svg+xml' }))
}

/** Browsers draw no larger canvas. */
const TALLEST = 16_000

export async function exportPng(tree: SpanTree, rows: readonly Row[]): Promise<void> {
  const url = URL.createObjectURL(new Blob([pictureOf(tree, rows, colours())], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const scale = Math.min(2, TALLEST / image.naturalHeight)
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth * scale
    canvas.height = image.naturalHeight * scale
    const context = canvas.getContext('2d')
    context?.scale(scale, scale)
    context?.drawImage(image, 0, 0)
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    if (blob === null) announce('The picture is too large for this browser: take SVG.')
    else saveAs(`trace-${tree.columns.id}.png`, blob)
  } finally {
    URL.revokeObjectURL(url)
  }
}
