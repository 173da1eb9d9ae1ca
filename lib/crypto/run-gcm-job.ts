import type { GcmJob } from './gcm-job.js'
import { gcmOpen, gcmSeal, TAG_BYTES } from './xaes.js'

/** Does the work in whichever thread it is called; both come to the same bytes. */
export function runGcmJob({
  direction,
  text,
  headerBytes,
  ...input
}: Omit<GcmJob, 'id'>): Uint8Array | undefined {
  if (direction === 'open') return gcmOpen(input, text, headerBytes)
  // Larger than the pool of Buffers, so that the memory is its own and can be moved to the other thread.
  const sealed = new Uint8Array(headerBytes + text.length + TAG_BYTES)
  gcmSeal(input, text, sealed)
  return sealed
}
