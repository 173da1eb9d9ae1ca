/** Entry "./generators": hardened Redis configuration and certificates from the settings. */
export { createAuthority, issueCertificate } from './certificates.js'
export type {
  Authority,
  AuthorityRequest,
  CertificateAndKey,
  CertificateRequest,
  CertificateRole,
} from './certificates.js'
export { certificatesIn, type CertificateFacts } from './certificate-report.js'
export type { Target } from './folder.js'
export { generateConfig, type GenerateOptions, type GenerateResult } from './generate-config.js'
export { initialEnvironment, type InitialEnvironmentOptions } from './initial-environment.js'
export { startLocalServer, type LocalServer, type LocalServerOptions } from './local-server.js'
export type { ProjectOptions } from './vscode/project-files.js'
export type { FileState, PlannedFile } from './write.js'
