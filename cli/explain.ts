import type { Command } from 'commander'
import { print } from './report.js'

/** `secure-cache explain`: one rule in full, or all of them in a line each. */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('say why a rule exists, how its breach is used, and what to do')
    .argument('[id]', 'a rule, such as AUT-001 (default: list all)')
    .action(async (id: string | undefined) => {
      const { explain } = await import('./rule-text.js')
      print(explain(id))
    })
}
