import pc from 'picocolors'

/** One step of the tour: what is tried, what should happen, and the attempt itself. */
export interface Step {
  readonly title: string
  readonly tried: string
  readonly expected: string
  run(): Promise<Outcome>
}

export interface Outcome {
  readonly seen: string
  readonly asExpected: boolean
}

export function heading(text: string): void {
  console.log(`\n${pc.bold(text)}`)
}

export function line(text = ''): void {
  console.log(text)
}

/** Runs the steps in order, prints each, and returns how many were not as expected. */
export async function runSteps(steps: readonly Step[], firstNumber: number): Promise<number> {
  let failed = 0
  for (const [index, step] of steps.entries()) {
    const outcome = await attempt(step)
    if (!outcome.asExpected) failed += 1
    console.log(`\n${pc.bold(`${String(firstNumber + index).padStart(2)}. ${step.title}`)}`)
    console.log(`    tried     ${step.tried}`)
    console.log(`    expected  ${step.expected}`)
    console.log(`    seen      ${outcome.seen}`)
    console.log(`    ${outcome.asExpected ? pc.green('as expected') : pc.red('NOT AS EXPECTED')}`)
  }
  return failed
}

async function attempt(step: Step): Promise<Outcome> {
  try {
    return await step.run()
  } catch (error) {
    // Only the name: a foreign error's text may carry arguments.
    return {
      seen: `the step itself failed: ${error instanceof Error ? error.name : 'unknown'}`,
      asExpected: false,
    }
  }
}

/** Bytes as a person reads them: the first `count` in hexadecimal. */
export function hex(bytes: Uint8Array, count: number): string {
  return [...bytes.subarray(0, count)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
