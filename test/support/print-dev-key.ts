import { devKey } from '../../lib/dev-key.js'

/** Run as a process of its own: prints the key of the folder that it is given. */
process.stdout.write(devKey(process.argv[2] ?? '').reveal())
