import { parentPort } from 'node:worker_threads'
import { READY, type GcmAnswer, type GcmJob } from './gcm-job.js'
import { runGcmJob } from './run-gcm-job.js'

/** The other thread's program: it knows no settings, no key ring and no value but the one in its hands. */
parentPort?.on('message', (job: GcmJob) => {
  const answer: GcmAnswer = { id: job.id, result: owned(runGcmJob(job)) }
  parentPort?.postMessage(answer, answer.result === undefined ? [] : [answer.result.buffer as ArrayBuffer])
})

// Now it listens; that it runs (`online`) is said before its program is even found.
parentPort?.postMessage({ id: READY, result: undefined } satisfies GcmAnswer, [])

/** Moving takes the whole memory behind the bytes: it must be theirs alone. */
function owned(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined || bytes.length === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes)
}
