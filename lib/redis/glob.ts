/** Escapes text for SCAN MATCH and ACL key patterns: `* ? [ ] \` stand for themselves. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}
