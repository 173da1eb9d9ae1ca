import type { Target } from '../folder.js'
import type { EditorView } from './editor-view.js'
import type { Contribution } from './merge.js'

/** What reads our files: YAML with its schemas, Compose, the development container. */
export const EXTENSIONS: readonly {
  readonly id: string
  readonly targets: readonly Target[]
  /** Whether it is of use in the development container too. */
  readonly inside: boolean
}[] = [
  { id: 'redhat.vscode-yaml', targets: ['container', 'local'], inside: true },
  { id: 'ms-azuretools.vscode-containers', targets: ['container'], inside: false },
  { id: 'ms-vscode-remote.remote-containers', targets: ['container'], inside: false },
]

/** `.vscode/extensions.json`: recommendations, except what the project says it does not want. */
export function extensionContributions({ target }: EditorView): readonly Contribution[] {
  return EXTENSIONS.filter(({ targets }) => targets.includes(target)).map(({ id }) => ({
    kind: 'item',
    path: ['recommendations'],
    value: id,
    unless: ['unwantedRecommendations'],
  }))
}
