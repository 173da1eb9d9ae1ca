import { FAMILIES, type Rule } from './rule.js'
import { RULES } from './rules.js'

/** docs/rules.md: the catalogue for readers. Written from the table, so that it cannot fall behind. */
export function rulesDocument(): string {
  return [
    '# Rules',
    '',
    'What `secure-cache check` looks for in files, and what the live audit looks for on a server. Critical and',
    'high findings print as errors, medium ones as warnings, low and info ones as information.',
    '`secure-cache explain ID` prints one of them. This page is written from the table in `lib/audit`.',
    '',
    ...Object.entries(FAMILIES).flatMap(([family, name]) => [
      `## ${name}`,
      '',
      ...RULES.filter(({ id }) => id.startsWith(`${family}-`)).flatMap(section),
    ]),
  ].join('\n')
}

function section(rule: Rule): readonly string[] {
  return [
    `### ${rule.id}: ${escape(rule.title)}`,
    '',
    `**${capitalised(rule.severity)}.** ${escape(rule.why)}`,
    '',
    `- How it is used: ${escape(rule.exploit)}`,
    `- Remedy: ${escape(rule.remedy)}`,
    ...(rule.files === undefined ? [] : [`- In files: ${escape(rule.files.looksAt)}`]),
    ...(rule.live === undefined ? [] : [`- On a server: ${escape(rule.live.looksAt)}`]),
    `- See: ${rule.reference.map((address) => `<${address}>`).join(', ')}`,
    '',
  ]
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** Text of the table holds no Markdown: what looks like it stands for itself. */
function escape(text: string): string {
  return text.replaceAll(/[\\*_`[\]<>#&|~]/g, String.raw`\$&`)
}
