import type { RunEvent } from '../lib/migration/runner.js'
import type { Step } from '../lib/migration/step.js'
import { eventJson, eventText } from './migration-text.js'
import { print, say } from './report.js'

/** Shows a run while it works. */
export interface MigrationDisplay {
  readonly tell: (event: RunEvent) => void
  /** Says that the run was told to stop. */
  readonly stopping: () => void
  /** `steps`: those that this run will take, in the order of the migration. */
  during(steps: readonly Step[], work: () => Promise<void>): Promise<void>
}

const STOPPING = 'stopping where it is safe; Ctrl-C again ends it at once'

/** On a terminal a list that fills itself, elsewhere plain lines, for other programs JSON, an event a line. */
export async function display(options: {
  readonly json: boolean
  readonly direction: 'there' | 'back'
}): Promise<MigrationDisplay> {
  if (options.json) return lines((event) => print(eventJson(event)))
  if (!process.stderr.isTTY) return lines(plain())
  return taskList(options.direction)
}

function lines(tell: (event: RunEvent) => void): MigrationDisplay {
  return { tell, stopping: () => say(STOPPING), during: async (_steps, work) => work() }
}

/** Progress comes some hundred times a second; a line a second is enough where lines stay. */
function plain(now = performance.now.bind(performance)): (event: RunEvent) => void {
  let last = 0
  return (event) => {
    if (event.type === 'progress') {
      if (now() - last < 1000) return
      last = now()
    }
    say(eventText(event))
  }
}

/** What a step of the list waits for. */
interface Row {
  readonly step: Step
  readonly ended: Promise<void>
  end(error?: Error): void
  show(text: string): void
  /** The list has come to it: what was shown before, too. */
  begin(draw: (text: string) => void): void
}

/**
 * The list of listr2, on stderr like all talk. It follows the events: a step of the list ends when ours has, and fails
 * where the run ends without it.
 */
async function taskList(direction: 'there' | 'back'): Promise<MigrationDisplay> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2')
  const rows = new Map<string, Row>()
  /** The list shows one line at a time; these are for keeping. */
  const notes: string[] = []
  let current: Row | undefined
  let instruction = ''
  const tell = (event: RunEvent): void => {
    const text = eventText(event).trim()
    if (event.type === 'step') current = rows.get(event.step.id)
    if (event.type === 'note') notes.push(text)
    if (event.type === 'instruction') instruction = text
    if (event.type === 'finished') rows.get(event.step.id)?.end()
    else current?.show(event.type === 'waiting' && event.count > 0 ? `${instruction} (${text})` : text)
  }
  return {
    tell,
    stopping: () => current?.show(STOPPING),
    async during(steps, work) {
      const ordered = direction === 'there' ? steps : steps.toReversed()
      const list = new Listr(
        ordered.map((step) => {
          const row = rowOf(step)
          rows.set(step.id, row)
          return {
            title: step.title,
            task: async (_context: unknown, task: { output: string }) => {
              row.begin((text) => {
                task.output = text
              })
              await row.ended
            },
          }
        }),
        {
          exitOnError: true,
          // Its own would end the process at once, and without the notes.
          registerSignalListeners: false,
          rendererOptions: {
            logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
          },
        },
      )
      const shown = list.run().catch(() => undefined)
      try {
        await work()
        for (const row of rows.values()) row.end()
      } catch (error) {
        // Its text is told once, at the end of the command. A row that has ended already stays as it is.
        for (const row of rows.values()) row.end(new Error('stopped'))
        throw error
      } finally {
        await shown
        for (const note of notes) say(note)
      }
    },
  }
}

function rowOf(step: Step): Row {
  let end: Row['end'] = () => undefined
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error))
  })
  ended.catch(() => undefined)
  let latest = ''
  const row: Row = {
    step,
    ended,
    end,
    show(text) {
      latest = text
    },
    begin(draw) {
      if (latest !== '') draw(latest)
      row.show = draw
    },
  }
  return row
}
