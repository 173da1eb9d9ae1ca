import { resolve } from 'node:path'
import { formatServerVersion } from '../lib/redis/versions.js'
import type { Settings } from '../lib/settings/settings.js'
import { renderAcl, renderCatalogue, rolesOf } from './catalogue.js'
import { gatherEnvironment } from './environment-files.js'
import { certificatePlans } from './certificate-plans.js'
import { gatherCertificates } from './certificate-set.js'
import { DIRECTORIES, type Directory, type DirectoryName, type Target } from './folder.js'
import { notesOn } from './notes.js'
import { gatherPasswords } from './password-set.js'
import { resolveServer } from './server-version.js'
import { dataFolders, innerDirectories } from './topology-folders.js'
import { renderTopology } from './topology-files.js'
import { buildView, type Owner } from './view-model.js'
import { gatherProjectFiles, type ProjectOptions } from './vscode/project-files.js'
import { OutputFolder, type PlannedFile } from './write.js'

/** User and group of the official image. */
const IMAGE_OWNER: Owner = { uid: 999, gid: 999 }

export interface GenerateOptions {
  /** From `readSettings({ purpose: 'generator' })`. */
  readonly settings: Settings
  /** The folder to write into; made where it does not exist. */
  readonly out: string
  /** Where the server runs: `container` where absent. */
  readonly target?: Target | undefined
  /** Says what would happen, and writes nothing. */
  readonly dryRun?: boolean | undefined
  /** Overwrites files that were changed by hand. */
  readonly force?: boolean | undefined
  /** Issues every certificate anew under the kept authority, those still valid too. */
  readonly renewCertificates?: boolean | undefined
  /** The project that opens in an editor; absent: no file of an editor is written. */
  readonly project?: ProjectOptions | undefined
  /** Told what is under way, in a few words. */
  readonly onStep?: ((what: string) => void) | undefined
  /** The command that a reader of the files can repeat. */
  readonly command?: string | undefined
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
  /** Random bytes for passwords. */
  readonly random?: ((size: number) => Buffer) | undefined
}

export interface GenerateResult {
  /** The folder, absolute. */
  readonly out: string
  readonly target: Target
  /** Such as `7.4`, and why this one. */
  readonly version: string
  readonly versionReason: string
  /** Every file of the output and what happened, or would happen, to it. */
  readonly files: readonly PlannedFile[]
  /** Files of an earlier run that this one does not write: kept, for whoever looks after the folder to delete. */
  readonly leftovers: readonly string[]
  /** What to type next, in the output folder for containers, anywhere for a local server. */
  readonly commands: {
    readonly start: readonly string[]
    /** Makes one Cluster of the servers, once; empty for other topologies. */
    readonly create: string
    /** The same for an application outside of Docker; empty for a local server. */
    readonly development: string
    readonly developmentCreate: string
  }
  /** What a person should know: renewals, settings that do not fit the output. */
  readonly notes: readonly string[]
}

/**
 * Renders a complete hardened configuration into one folder: redis.conf, users.acl, certificates, passwords,
 * and a Compose file for containers. What is valid there is kept, what is missing or due is made, a file
 * changed by hand is left alone, and all files change together or none does.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for settings that no file can hold, ERR_CONFIG_FILES where the
 *   folder holds something that would be lost
 */
export async function generateConfig(options: GenerateOptions): Promise<GenerateResult> {
  const { settings, target = 'container', dryRun = false, force = false, now = Date.now } = options
  const step = options.onStep ?? (() => undefined)
  const out = resolve(options.out)
  const server = await resolveServer(settings.server.version, target)
  const command = options.command ?? 'secure-cache generate-config'
  const view = buildView({ settings, server, target, out, owner: serverOwner(), command })
  step('rendering files')
  // Whatever no format can hold shows here, before the folder is touched.
  const rendered = await renderCatalogue(view)
  const handsOver = target === 'container' && process.getuid?.() === 0
  const folder = await OutputFolder.open({
    path: out,
    dryRun,
    serverOwner: handsOver ? serverOwner() : undefined,
    project: options.project?.folder,
  })
  try {
    const read = (path: string): Promise<string | undefined> => folder.read(path)
    const passwords = await gatherPasswords({
      settings,
      roles: rolesOf(settings),
      read,
      random: options.random,
    })
    step('issuing certificates')
    const certificates = await gatherCertificates(certificatePlans(settings, target), {
      read,
      now,
      renewAll: options.renewCertificates,
    })
    const environment = await gatherEnvironment({
      settings,
      target,
      out,
      command,
      read,
      random: options.random,
      now,
    })
    const files = [
      ...rendered,
      ...environment.files,
      renderAcl({ settings, version: server.version, users: passwords.users, now: now() }),
      ...(await renderTopology({ settings, server, target, out }, view, passwords)),
      ...passwords.files,
      ...certificates.files,
    ]
    const editor =
      options.project === undefined
        ? { files: [], notes: [] }
        : await gatherProjectFiles({
            project: options.project,
            settings,
            server,
            target,
            out,
            command,
            files,
            read: (path) => folder.read(path, 'project'),
            rememberedParts: (path) => folder.rememberedParts(path),
            remembers: (path) => folder.remembers(path, 'project'),
          })
    const planned = await folder.plan([...files, ...editor.files], { force })
    if (!dryRun) {
      step('writing files')
      const inOutput = planned.filter(({ place }) => place !== 'project')
      const writesData =
        view.persistence.appendOnly || target === 'local' || settings.server.topology !== 'standalone'
      await folder.commit(planned, [
        ...directoriesOf(inOutput, writesData),
        ...innerDirectories(inOutput),
        ...dataFolders(view.layouts),
      ])
    }
    return {
      out,
      target,
      version: formatServerVersion(server.version),
      versionReason: server.because,
      files: planned,
      leftovers: await folder.leftovers(planned),
      commands: view.guide,
      notes: [
        ...certificates.notes,
        ...environment.notes,
        ...editor.notes,
        ...notesOn({ settings, server, target, authorityPem: certificates.authorityPem, now: now() }),
      ],
    }
  } finally {
    await folder.close()
  }
}

/** Directories of the output that these files and the server need. */
function directoriesOf(files: readonly PlannedFile[], writesData: boolean): readonly Directory[] {
  const used = (Object.keys(DIRECTORIES) as DirectoryName[]).filter((name) =>
    name === 'data' ? writesData : files.some(({ path }) => path.startsWith(`${DIRECTORIES[name].path}/`)),
  )
  return used.map((name) => DIRECTORIES[name])
}

/**
 * Who the server runs as in its container: whoever generates, because the files are readable by their owner
 * alone; for root, and where there are no such numbers, the user of the official image.
 */
function serverOwner(): Owner {
  const uid = process.getuid?.() ?? 0
  return uid === 0 ? IMAGE_OWNER : { uid, gid: process.getgid?.() ?? uid }
}
