import { prose, table } from './markdown.js'
import { OPTIONS } from './options.js'
import { SETTINGS, synonymsOf, VARIABLE_NAMES, type VariableName } from './table.js'
import { GROUPS, type Group } from './variable.js'

const INTRODUCTION = `# Configuration

Settings come from the environment, or from options in code, which win. Everything is checked at the start: what cannot be
used ends in one error that lists every problem at once, each with the variable, what is expected and the remedy, and
never a value.

This page comes from \`lib/settings/table.ts\`; \`npm run docs:generate\` writes it, and [.env.example](../.env.example).

## What is needed

**In production and anywhere else: a password, TLS and an encryption key.** The shortest working environment:

\`\`\`sh
REDIS_HOST=redis
REDIS_CACHE_PASSWORD=…       # openssl rand -hex 24
REDIS_ENCRYPTION_KEY=…       # openssl rand -hex 32
REDIS_TLS_CA_FILE=tls/ca.crt # where the server's certificate is not from a public authority
\`\`\`

\`secure-cache init\` writes such an environment, with the server's configuration to match.

- **Development on one machine:** \`REDIS_DEV_MODE=true\` needs none of the three. \`NODE_ENV=production\` refuses it.
- **Tests of your own:** \`secureCache({ env: false, backend: 'memory' })\` needs nothing at all outside production.
- **Production** also refuses the memory backend, and an encryption key that nobody drew at random.

## How values are written

- Every variable may be given as \`NAME_FILE\`: the path of a file that holds the value (Docker and Kubernetes secrets),
  relative to the working directory; one line break at its end is dropped. Giving both is an error.
- An empty variable counts as absent.
- Truth is \`true\`, \`yes\`, \`on\`, \`1\` or \`false\`, \`no\`, \`off\`, \`0\`, in any case; anything else is an error, so that a
  misspelling never counts as either.
- Numbers are decimal digits alone. Bytes may have a unit as in redis.conf: \`512kb\`, \`64mb\` (of 1024), \`64m\` (of 1000).
- Passwords have at least 16 characters; those published in documentation are refused. In a URL they are
  percent-encoded.
- Names that begin with \`REDIS_\`, \`CACHE_\` or \`SECURITY_\` and are not listed here get a warning with the nearest listed
  one, except what Kubernetes injects for services (\`REDIS_SERVICE_HOST\` and the like). It also sets \`REDIS_PORT\` to
  \`tcp://…\` for a service called redis: that is ignored with a warning; \`enableServiceLinks: false\` in the pod ends it.
- The library reads no \`.env\` file itself: \`node --env-file=.env\` does, and so does the command line.
- \`NODE_ENV\` is the one of the process, also where \`env\` is given in code, unless that says \`NODE_ENV\` itself.`

const OPTIONS_NOTE = `## Options in code

\`secureCache(options)\` and \`createSecureCache(options)\` take these; an explicit \`undefined\` counts as absent, an unknown
option is an error that suggests the nearest one. A password without a user belongs to the default user, unless the
environment names another.`

const MORE_OPTIONS: readonly (readonly [string, string])[] = [
  ['`env`', 'where settings come from: a record instead of `process.env`, or `false` for nowhere'],
  ['`onFailure`', "`'degrade'` (default): a failing read is a miss; `'throw'`: a typed error"],
  ['`logger`', 'an object with `info`, `warn` and `error`, or `false` for silence'],
]

/** docs/configuration.md. */
export function configurationDocument(): string {
  const sections = groups().flatMap(([group, title]) => [`## ${title}`, ...namesOf(group).map(section)])
  const options = [
    ...OPTIONS.map(({ path, variable }) => [`\`${path}\``, link(variable)]),
    ...MORE_OPTIONS.map((row) => [...row]),
  ]
  return `${[INTRODUCTION, ...sections, OPTIONS_NOTE, table(['option', 'instead of'], options)].join('\n\n')}\n`
}

/** .env.example: every variable with its default; what is needed stands there to be filled in. */
export function envExample(): string {
  const head = comment(
    'Settings of express-secure-cache: copy to .env, fill in, keep it to yourself (chmod 600 .env). docs/configuration.md explains them; npm run docs:generate writes this file. secure-cache init writes a complete .env instead.',
  )
  const sections = groups().map(([group, title]) =>
    [`# ---- ${title} ${'-'.repeat(72 - title.length)}`, ...namesOf(group).map(example)].join('\n\n'),
  )
  return `${[head, ...sections].join('\n\n')}\n`
}

function section(name: VariableName): string {
  const row = SETTINGS[name]
  const option = OPTIONS.find(({ variable }) => variable === name)
  const facts = [
    `expected: ${prose(row.validator.expected)}`,
    `default: ${defaultOf(name)}`,
    ...(row.example.startsWith('<') ? [] : [`example: \`${assignment(name, row.example)}\``]),
    ...(option === undefined ? [] : [`in code: \`${option.path}\``]),
    ...synonymsOf(name).map((synonym) => `also accepted as: \`${synonym}\``),
    ...('insecure' in row && row.insecure !== undefined
      ? [`in use it is a critical warning: ${prose(row.insecure)}`]
      : []),
  ]
  return [`### ${name}`, prose(row.meaning), facts.map((fact) => `- ${fact}`).join('\n')].join('\n\n')
}

function example(name: VariableName): string {
  const row = SETTINGS[name]
  const about = 'secret' in row ? [row.meaning, row.remedy] : [row.meaning]
  const line = `${'needed' in row ? '' : '# '}${assignment(name, usualOf(name) ?? row.example)}`
  return [...about.map(comment), line].join('\n')
}

/** A secret has no example that somebody could deploy: its place stays empty. */
function assignment(name: VariableName, text: string): string {
  const shown = 'file' in SETTINGS[name] ? `${name}_FILE` : name
  return `${shown}=${text.startsWith('<') ? '' : text}`
}

function defaultOf(name: VariableName): string {
  const row = SETTINGS[name]
  if ('defaultText' in row && row.defaultText !== undefined) return prose(row.defaultText)
  const usual = usualOf(name)
  return usual === undefined ? 'none' : `\`${usual}\``
}

/** The default as one would write it; where it is more than a word, the example is. */
function usualOf(name: VariableName): string | undefined {
  const { default: usual, example: text } = SETTINGS[name]
  return typeof usual === 'object' ? text : usual === undefined ? undefined : String(usual)
}

function comment(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length > 100) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}

function groups(): readonly (readonly [Group, string])[] {
  return Object.entries(GROUPS) as [Group, string][]
}

function namesOf(group: Group): readonly VariableName[] {
  return VARIABLE_NAMES.filter((name) => SETTINGS[name].group === group)
}

function link(name: VariableName): string {
  return `[${name}](#${name.toLowerCase()})`
}
