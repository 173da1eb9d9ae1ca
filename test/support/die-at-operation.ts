/**
 * Loaded before a program (`node --import`): ends it as a crash would, right before the file operation of the number
 * in DIE_AT_OPERATION. With 0 it only counts, and says the number at the end.
 */
import fs, { type Mode, type OpenMode, type PathLike } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env['DIE_AT_OPERATION'])
let count = 0

function step(): void {
  count += 1
  if (count === at) process.kill(process.pid, 'SIGKILL')
}

const { chmod, mkdir, open, rename, rm } = fs.promises
Object.assign(fs.promises, {
  chmod: (path: PathLike, mode: Mode) => (step(), chmod(path, mode)),
  mkdir: (path: PathLike, options?: fs.MakeDirectoryOptions) => (step(), mkdir(path, options)),
  rename: (from: PathLike, to: PathLike) => (step(), rename(from, to)),
  rm: (path: PathLike, options?: fs.RmOptions) => (step(), rm(path, options)),
  open: (path: PathLike, flags?: OpenMode, mode?: Mode) => {
    if (flags === 'wx') step()
    return open(path, flags, mode)
  },
})
syncBuiltinESMExports()

process.on('exit', () => process.stderr.write(`operations: ${count}\n`))
