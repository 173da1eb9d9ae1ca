import { ACL, COMPOSE, type Breach } from './breach.js'

const HASH = (digit: string): string => `#${digit.repeat(64)}`
/** SHA-256 of `redis123`. */
const WEAK_HASH = '#cb8001ad8314aa0abd372e48210e44b1029975a84dbef6e64b5de1f5054e3f4b'

const CACHE = 'resetchannels -@all +get +mget +set +unlink +pexpire +pttl +ping'
const REPORTS = `user reports on ${HASH('5')} ~reports:* resetchannels -@all +get +hgetall`
const more = (rules: string): Pick<Breach, 'swap'> => ({
  swap: [REPORTS, `${REPORTS} ${rules}`],
})

export const ACL_BREACHES: readonly Breach[] = [
  {
    title: 'no line for the default user',
    file: ACL,
    swap: ['user default off resetpass resetkeys resetchannels clearselectors -@all\nuser', '«AUT-002»user'],
  },
  {
    title: 'a right to read the keys of an earlier application, without settings that read them',
    file: ACL,
    swap: [
      '~ai_cache:* resetchannels -@all +get +mget',
      '~ai_cache:* «ACL-025»%R~enc:* resetchannels -@all +get +mget',
    ],
  },
  {
    title: 'a default user that is on',
    file: ACL,
    swap: ['user default off resetpass', `user default «AUT-003»on ${HASH('6')}`],
  },
  {
    title: 'a user that takes any password',
    file: ACL,
    append: `user open on «AUT-004»nopass ~open:* resetchannels -@all +get\n`,
  },
  {
    title: 'a user that may only PING',
    file: ACL,
    append: `user probe on «AUT-004 info»nopass resetchannels -@all +ping\n`,
  },
  {
    title: 'a password in clear',
    file: ACL,
    append: 'user plain on «AUT-005»>8d1f5e0c77aa4b0cbb7e2f3a ~plain:* resetchannels -@all +get\n',
  },
  {
    title: 'a hash out of the dictionary',
    file: ACL,
    append: `user weak on «AUT-006»${WEAK_HASH} ~weak:* resetchannels -@all +get\n`,
  },
  {
    title: 'one password for two',
    file: ACL,
    append: `user twin on «AUT-007»${HASH('5')} ~twin:* resetchannels -@all +get\n`,
  },
  {
    title: 'three passwords',
    file: ACL,
    append: `user many on ${HASH('a')} ${HASH('b')} «AUT-010»${HASH('c')} ~many:* resetchannels -@all +get\n`,
  },
  {
    title: 'every command',
    file: ACL,
    append: `user app on ${HASH('a')} ~app:* resetchannels «ACL-001»+@all\n`,
  },
  {
    title: 'every command but some',
    file: ACL,
    append: `user app on ${HASH('a')} ~app:* resetchannels «ACL-001»allcommands -@dangerous\n`,
  },
  {
    title: 'every key',
    file: ACL,
    append: `user app on ${HASH('a')} «ACL-002»~* resetchannels -@all +get\n`,
  },
  {
    title: 'every key for reading',
    file: ACL,
    append: `user app on ${HASH('a')} «ACL-002»%R~* resetchannels -@all +get\n`,
  },
  { title: 'every channel', file: ACL, append: `user app on ${HASH('a')} ~app:* «ACL-003»&* -@all +get\n` },
  { title: 'a cache user with more', file: ACL, swap: [CACHE, `${CACHE} «ACL-004»+hset`] },
  { title: 'dangerous commands', file: ACL, ...more('«ACL-005»+flushall «ACL-005»+keys') },
  {
    title: 'a category with dangers of two kinds',
    file: ACL,
    ...more('«ACL-005»«ACL-007»+@keyspace -@write'),
  },
  { title: 'functions', file: ACL, ...more('«ACL-006»+function|load') },
  { title: 'the keys of others', file: ACL, ...more('«ACL-007»+scan') },
  { title: 'tracking', file: ACL, ...more('«ACL-008»+client|tracking') },
  { title: 'scripts', file: ACL, ...more('«ACL-009»+eval') },
  {
    title: 'scripts where the interpreter has holes',
    file: ACL,
    ...more('«ACL-009 error»+eval'),
    also: [{ file: COMPOSE, swap: ['redis:7.2.16', '«VER-002»redis:7.2.4'] }],
  },
  { title: 'writing access rules', file: ACL, ...more('«ACL-010»+acl|setuser «ACL-010»+config|set') },
  {
    title: 'adding after subtracting',
    file: ACL,
    append: `user app on ${HASH('a')} ~app:* resetchannels -@all +get -hset «ACL-011»+@hash\n`,
  },
  {
    title: 'a prefix without an end',
    file: ACL,
    append: `user app on ${HASH('a')} «ACL-012»~ai_cache* resetchannels -@all +get\n`,
  },
  {
    title: 'a glob in a prefix',
    file: ACL,
    append: `user app on ${HASH('a')} «ACL-013»~ai[ab]:* resetchannels -@all +get\n`,
  },
  {
    title: 'keyspace channels',
    file: ACL,
    append: `user app on ${HASH('a')} ~app:* resetchannels «ACL-014»&__keyevent@0__:* -@all +get +subscribe\n`,
  },
  { title: 'a first argument', file: ACL, append: 'user app off «ACL-015»+debug|object\n' },
  { title: 'leaving the database', file: ACL, ...more('«ACL-016»+select') },
  { title: 'a selector that never closes', file: ACL, ...more('«ACL-017»(~logs:* +get') },
  { title: 'a comment', file: ACL, append: '«ACL-018»# the end\n' },
  { title: 'a tab', file: ACL, append: 'user «ACL-018»tabbed\ton\n' },
  { title: 'a quoted name', file: ACL, append: 'user «ACL-018»"quoted" off\n' },
  { title: 'a user given twice', file: ACL, append: 'user «ACL-018»reports off\n' },
  { title: 'an empty name', file: ACL, append: 'user «ACL-018» off\n' },
  { title: 'a short hash', file: ACL, append: 'user short off «ACL-018»#abc123\n' },
  { title: 'a word that is no rule', file: ACL, append: 'user wordy off «ACL-018»hunter2hunter2\n' },
  { title: 'a command nobody knows', file: ACL, append: 'user app off «ACL-019»+getall\n' },
  { title: 'a command of a later version', file: ACL, append: 'user app off «ACL-019»+hexpire\n' },
  { title: 'a category nobody knows', file: ACL, append: 'user app off «ACL-019»+@reading\n' },
  {
    title: 'a replica that may more',
    file: ACL,
    swap: ['+psync +replconf +ping', '+psync +replconf +ping «ACL-021»+get'],
  },
  {
    title: 'payloads that nobody checks',
    file: ACL,
    append: `user admin2 off «ACL-024»skip-sanitize-payload +restore\n`,
  },
  {
    title: 'an access list for the group',
    file: ACL,
    swap: ['user default off', '«PER-002»user default off'],
    mode: 0o640,
  },
  {
    title: 'an access list for everybody',
    file: ACL,
    swap: ['user default off', '«FIL-001»user default off'],
    mode: 0o644,
  },
]
