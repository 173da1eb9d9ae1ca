import { DIRECTORIES } from '../folder.js'
import type { EditorView } from './editor-view.js'
import type { Contribution } from './merge.js'

export const SCHEMA_FILE = 'settings.schema.json'

/** Folders of nothing but secrets: not in the tree of files, where a click would show them. */
const HIDDEN = [DIRECTORIES.operator.path, DIRECTORIES.secrets.path, DIRECTORIES.app.path, 'tls/*.key']

/** Languages that the editor knows; dotenv is one of its own since 1.102, and of extensions before. */
const LANGUAGES: Readonly<Record<string, string>> = {
  '.env': 'dotenv',
  '.env.*': 'dotenv',
  'redis.conf': 'properties',
  'sentinel.conf': 'properties',
  'users.acl': 'plaintext',
}

/** `.vscode/settings.json`: languages of our files, secrets out of tree and search, the schema of the settings. */
export function settingContributions({ folder, inside }: EditorView): readonly Contribution[] {
  const member = (setting: string, name: string, value: unknown): Contribution => ({
    kind: 'member',
    path: [setting],
    name,
    value,
  })
  const below = (path: string): string => (inside ? `${folder}/${path}` : path)
  const own = inside || folder === '.'
  return [
    ...Object.entries(LANGUAGES).map(([name, language]) => member('files.associations', name, language)),
    ...(own ? HIDDEN.map((path) => member('files.exclude', below(path), true)) : []),
    // A search whose results are on a screen that others see shows no password either.
    ...['**/.env', '**/.env.*', ...(own ? HIDDEN.map(below) : [])].map((path) =>
      member('search.exclude', path, true),
    ),
    ...(own ? [member('files.watcherExclude', below(`${DIRECTORIES.data.path}/**`), true)] : []),
    ...(own ? schemas(`./${below(SCHEMA_FILE)}`) : []),
  ]
}

/** For settings that are kept as JSON or YAML; .env files have snippets, because no editor reads a schema for them. */
function schemas(url: string): readonly Contribution[] {
  return [
    {
      kind: 'entry',
      path: ['json.schemas'],
      key: 'url',
      value: { url, fileMatch: ['secure-cache.json', '*.secure-cache.json'] },
    },
    {
      kind: 'member',
      path: ['yaml.schemas'],
      name: url,
      value: ['secure-cache.yaml', '*.secure-cache.yaml'],
    },
  ]
}
