/** A place in a file. Line and column count from 1; columns are UTF-16 units, as editors count them. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** The start of a file: where a rule points at something that is absent. */
export function startOf(file: string): Position {
  return { file, line: 1, column: 1 }
}

/** Orders findings as a reader meets them. */
export function comparePositions(a: Position, b: Position): number {
  return (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column
}
