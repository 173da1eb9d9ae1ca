import type { RuleId } from '../rule.js'

/** Commands that no user but admin needs, by the rule that says why. */
export interface Danger {
  readonly rule: RuleId
  readonly commands: readonly string[]
}

const words = (text: string): readonly string[] => text.split(' ')

/**
 * ACL-005 to ACL-010 and ACL-016. A command belongs to one rule alone; what our own roles have
 * (lib/access/roles.ts) is taken off before.
 */
export const DANGERS: readonly Danger[] = [
  { rule: 'ACL-010', commands: words('acl|setuser acl|deluser acl|save config|set') },
  {
    rule: 'ACL-005',
    commands: [
      ...words('flushall flushdb swapdb keys restore restore-asking migrate debug pfdebug pfselftest'),
      ...words('module|load module|loadex module|unload replicaof slaveof failover psync sync replconf'),
      ...words('monitor shutdown save bgsave bgrewriteaof config|rewrite config|resetstat config|get'),
      ...words('acl|load acl|list acl|getuser client|kill client|pause client|unpause client|unblock'),
      ...words('cluster|addslots cluster|addslotsrange cluster|bumpepoch cluster|delslots'),
      ...words('cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget cluster|meet'),
      ...words('cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot'),
    ],
  },
  {
    rule: 'ACL-006',
    commands: words('function|load function|delete function|flush function|restore function|kill'),
  },
  { rule: 'ACL-007', commands: words('scan randomkey dbsize') },
  { rule: 'ACL-008', commands: words('client|tracking') },
  { rule: 'ACL-009', commands: words('eval eval_ro evalsha evalsha_ro script|load') },
  { rule: 'ACL-016', commands: words('select move') },
]
