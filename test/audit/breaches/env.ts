import { ENV, type Breach } from './breach.js'

export const ENV_BREACHES: readonly Breach[] = [
  {
    title: 'a published password',
    file: ENV,
    swap: ['mJ3cVq8Zt1xW5nYb7Rk2Gd4Hf6Ls9Pa0', '«AUT-006»ChangeMePlease-2024'],
  },
  { title: 'verification off', file: ENV, append: 'NODE_TLS_REJECT_UNAUTHORIZED=«TLS-015»0\n' },
  { title: 'an environment for everybody', file: ENV, swap: ['NODE_ENV', '«FIL-001»NODE_ENV'], mode: 0o604 },
  {
    title: 'secrets that git takes',
    file: ENV,
    swap: ['NODE_ENV', '«FIL-002»NODE_ENV'],
    also: [{ file: '.gitignore', swap: ['.env\n', ''] }],
  },
  {
    title: 'secrets that git takes back in',
    file: ENV,
    swap: ['NODE_ENV', '«FIL-002»NODE_ENV'],
    also: [{ file: '.gitignore', append: '!.env\n' }],
  },
]
