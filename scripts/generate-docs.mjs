// Writes the documents that come from tables of the code: `npm run docs:generate`. Tests keep them current.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rulesDocument } from '../dist/lib/audit/rules-document.js'
import { errorDocument } from '../dist/lib/error-document.js'
import { configurationDocument, envExample } from '../dist/lib/settings/document.js'

const DOCUMENTS = {
  'docs/configuration.md': configurationDocument(),
  'docs/errors.md': errorDocument(),
  'docs/rules.md': rulesDocument(),
  '.env.example': envExample(),
}

for (const [path, text] of Object.entries(DOCUMENTS)) {
  await writeFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), text)
}
