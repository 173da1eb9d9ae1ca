/** Markdown as prettier writes it, so that generated documents need no second pass. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', String.raw`\|`)))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [first = [], ...rest] = cells
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n')
}

/** Plain text in Markdown: names of settings become code, and nothing becomes HTML or emphasis. */
export function prose(text: string): string {
  return text
    .replaceAll(/[<*]/g, String.raw`\$&`)
    .replaceAll(/\b(?:REDIS|CACHE|SECURITY|NODE)_[A-Z_]*[A-Z](?:=[a-z]+)?\b/g, '`$&`')
}
