import { ERROR_CODES, ERROR_GROUPS } from './error-codes.js'
import { table } from './settings/markdown.js'

const INTRODUCTION = `# Errors

Every error of this library is a \`CacheError\` with a stable \`code\`; its message says what happened and what to do.
No error, also not in \`cause\`, carries a password, a key, a value or a key name. \`isCacheError(error)\` tells them apart, also
across copies of the package.

By default a failing Redis raises none of them from \`get\`, \`set\` and the rest: a read is a miss, a write is \`false\`, and an
event tells why. With \`onFailure: 'throw'\` they are thrown. \`ready()\` rejects with them either way.

The codes come from \`lib/error-codes.ts\`; \`npm run docs:generate\` writes this page.`

/** docs/errors.md. */
export function errorDocument(): string {
  const sections = Object.entries(ERROR_GROUPS).map(([group, { title, note }]) => {
    const rows = Object.entries(ERROR_CODES)
      .filter(([, row]) => row.group === group)
      .map(([code, { cause, remedy }]) => [`\`${code}\``, cause, remedy])
    return [`## ${title}`, note, table(['code', 'cause', 'remedy'], rows)].filter((part) => part !== '')
  })
  return `${[INTRODUCTION, ...sections.flat()].join('\n\n')}\n`
}
