import { cpus } from 'node:os'
import type { OwnServerFigures, Row } from './own-server.js'

const BAR_HEIGHT = 16
const ROW_HEIGHT = 22
const LABEL_WIDTH = 170
const BAR_WIDTH = 420
const HEAD = ['operation', 'per second', 'p50 µs', 'p99 µs', 'CPU µs']

/** The figures for a terminal. */
export function figuresText({ rows, loopDelayMs }: OwnServerFigures): string {
  const table = [HEAD, ...rows.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)))
  const lines = table.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
  return [...lines, `event loop late by at most ${loopDelayMs.toFixed(1)} ms in 99 of 100 looks`].join('\n')
}

/** One page without a script or anything from elsewhere; it names neither server nor user. */
export function reportPage(figures: OwnServerFigures): string {
  const { at, rows, loopDelayMs } = figures
  const facts = [
    figures.backend === 'memory' ? 'memory backend' : figures.hasTls ? 'Redis over TLS' : 'Redis without TLS',
    figures.isEncrypted ? 'values sealed' : 'values not sealed',
    `Node ${process.version}`,
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
  ]
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>secure-cache bench</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
table { border-collapse: collapse; }
th, td { padding: .15rem .8rem .15rem 0; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
</style>
<h1>secure-cache bench</h1>
<p>${escaped(at.toISOString())} · ${facts.map(escaped).join(' · ')}</p>
${plot(rows)}
<table>
${line(HEAD, 'th')}
${rows.map((row) => line(cellsOf(row), 'td')).join('\n')}
</table>
<p>The event loop was late by at most ${loopDelayMs.toFixed(1)} ms in 99 of 100 looks. docs/performance.md says how to
read these figures, and what to change.</p>
</html>
`
}

/** Operations per second as bars, those of a size side by side. */
function plot(rows: readonly Row[]): string {
  const most = Math.max(...rows.map(({ window }) => window.perSecond))
  const height = rows.length * ROW_HEIGHT
  const bars = rows.map((row, index) => {
    const y = index * ROW_HEIGHT
    const width = ((row.window.perSecond / most) * BAR_WIDTH).toFixed(1)
    const fill = row.operation === 'get' ? '#2f6f9f' : '#c07a2c'
    const text = y + BAR_HEIGHT - 3
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${text}" text-anchor="end">${escaped(nameOf(row))}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${fill}"/>`,
      `<text x="${(LABEL_WIDTH + Number(width) + 6).toFixed(1)}" y="${text}">${Math.round(row.window.perSecond)}/s</text>`,
    ].join('')
  })
  const title = 'Operations per second by operation, size and callers'
  return `<svg viewBox="0 0 ${LABEL_WIDTH + BAR_WIDTH + 90} ${height}" role="img" aria-label="${title}">
${bars.join('\n')}
</svg>`
}

function cellsOf(row: Row): string[] {
  const { perSecond, p50Us, p99Us, cpuUs } = row.window
  return [nameOf(row), ...[perSecond, p50Us, p99Us, cpuUs].map((figure) => String(Math.round(figure)))]
}

function nameOf({ operation, size, concurrency }: Row): string {
  const bytes = size < 1024 ? `${size} B` : `${size / 1024} KiB`
  return `${operation} ${bytes}, ${concurrency} at once`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
