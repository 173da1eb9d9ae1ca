import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

/** From dist/test/support, where this runs, to the sources. */
const GOLDEN = new URL('../../../test/golden/', import.meta.url)

/**
 * Compares a text with the one kept under test/golden. `UPDATE_GOLDEN=1` writes it anew, for review in the
 * diff of the commit.
 */
export async function expectGolden(name: string, text: string): Promise<void> {
  const file = fileURLToPath(new URL(name, GOLDEN))
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  expect(text, `${name} (UPDATE_GOLDEN=1 writes it anew)`).to.equal(await readFile(file, 'utf8'))
}
