import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import Handlebars from 'handlebars'
import { QUOTING } from './quoting.js'

/** Template names are files of config-templates/. */
export type TemplateName = `${string}.hbs`

/**
 * Handlebars' defaults escape for HTML, print nothing for a missing value and look any name up as a helper;
 * each of them would corrupt a configuration in silence.
 */
const STRICT = { noEscape: true, strict: true, knownHelpersOnly: true } as const

/** View model and template to text. The template decides nothing beyond `each` and `if`. */
export async function renderTemplate(name: TemplateName, view: object): Promise<string> {
  const source = await readFile(templatePath(name), 'utf8')
  const engine = Handlebars.create()
  for (const [helper, quote] of Object.entries(QUOTING)) {
    engine.registerHelper(helper, (value: unknown) => quote(value))
  }
  const knownHelpers = Object.fromEntries(Object.keys(QUOTING).map((helper) => [helper, true]))
  return engine.compile(source, { ...STRICT, knownHelpers })(view)
}

/** Through the package's own `imports`: the same from dist, from an installed package and from `require()`. */
function templatePath(name: TemplateName): string {
  return fileURLToPath(import.meta.resolve(`#config-templates/${name}`))
}
