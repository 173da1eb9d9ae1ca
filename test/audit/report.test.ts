import { Ajv } from 'ajv'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import type { AuditReport } from '../../lib/audit/audit.js'
import type { Finding } from '../../lib/audit/rule.js'
import { formatJson, formatText, oneLine, PROBLEM_PATTERN, summarise } from '../../lib/audit/report.js'
import { formatSarif } from '../../lib/audit/sarif.js'
import { animals, Workshop } from './workshop.js'

const finding = (file: string, message: string): Finding => ({
  rule: 'NET-001',
  severity: 'high',
  level: 'error',
  at: { file, line: 3, column: 14 },
  message,
})
const report = (...findings: readonly Finding[]): AuditReport => ({ findings, remarks: [], files: 1 })

/** What of SARIF 2.1.0 we write, as its schema has it (section 3 of the standard). */
const LOCATIONS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['physicalLocation'],
    properties: {
      physicalLocation: {
        type: 'object',
        required: ['artifactLocation', 'region'],
        properties: {
          artifactLocation: {
            type: 'object',
            required: ['uri'],
            properties: { uri: { type: 'string', pattern: '^[^\\s\\\\]+$' } },
          },
          region: {
            type: 'object',
            required: ['startLine', 'startColumn'],
            properties: {
              startLine: { type: 'integer', minimum: 1 },
              startColumn: { type: 'integer', minimum: 1 },
            },
          },
        },
      },
    },
  },
}
const TEXT = { type: 'object', required: ['text'], properties: { text: { type: 'string', minLength: 1 } } }
const LEVEL = { enum: ['none', 'note', 'warning', 'error'] }
const SARIF = {
  type: 'object',
  required: ['version', 'runs'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    version: { const: '2.1.0' },
    runs: {
      type: 'array',
      items: {
        type: 'object',
        required: ['tool', 'results'],
        additionalProperties: false,
        properties: {
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          tool: {
            type: 'object',
            required: ['driver'],
            properties: {
              driver: {
                type: 'object',
                required: ['name', 'rules'],
                additionalProperties: false,
                properties: {
                  name: { type: 'string' },
                  informationUri: { type: 'string' },
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: {
                      type: 'object',
                      required: ['id'],
                      additionalProperties: false,
                      properties: {
                        id: { type: 'string' },
                        shortDescription: TEXT,
                        fullDescription: TEXT,
                        help: TEXT,
                        helpUri: { type: 'string', pattern: '^https://' },
                        defaultConfiguration: { type: 'object', properties: { level: LEVEL } },
                        properties: { type: 'object' },
                      },
                    },
                  },
                },
              },
            },
          },
          invocations: {
            type: 'array',
            items: {
              type: 'object',
              required: ['executionSuccessful'],
              properties: {
                executionSuccessful: { type: 'boolean' },
                toolExecutionNotifications: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['message'],
                    properties: { level: LEVEL, message: TEXT, locations: LOCATIONS },
                  },
                },
              },
            },
          },
          results: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message', 'ruleId', 'level', 'locations'],
              additionalProperties: false,
              properties: {
                ruleId: { type: 'string' },
                ruleIndex: { type: 'integer', minimum: 0 },
                level: LEVEL,
                message: TEXT,
                locations: LOCATIONS,
              },
            },
          },
        },
      },
    },
  },
}

interface SarifRun {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
  readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number }[]
}

describe('the report @once', () => {
  it('has lines that the problem matcher reads, whatever file and message hold', () => {
    for (const [file, message] of [
      ['conf/redis.conf', 'the plaintext port is open'],
      [
        String.raw`C:\Users\me\my redis\redis.conf`,
        'redis://localhost:6379 is plaintext: use rediss://host:6379',
      ],
      ['/srv/a:b/redis.conf', 'ends in what looks like an id [X]'],
    ] as const) {
      const match = PROBLEM_PATTERN.exec(formatText(report(finding(file, message))).trimEnd())
      expect(match?.slice(1)).to.deep.equal([file, '3', '14', 'error', message, 'NET-001'])
    }
  })

  it('has a line without id for a remark', () => {
    const remark = {
      at: { file: 'redis.conf', line: 1, column: 1 },
      level: 'error',
      message: 'not checked',
    } as const
    const text = formatText({ findings: [], remarks: [remark], files: 1 }).trimEnd()
    expect(PROBLEM_PATTERN.exec(text)?.slice(1)).to.deep.equal([
      'redis.conf',
      '1',
      '1',
      'error',
      'not checked',
      undefined,
    ])
  })

  it('never breaks out of its line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        (file, message) => {
          const text = formatText(report(finding(file, message)))
          expect(text.trimEnd().split(/[\n\r\u2028\u2029\u0085]/)).to.have.length(1)
          expect(oneLine(text.trimEnd())).to.equal(text.trimEnd())
        },
      ),
    )
  })

  for (const animal of animals()) {
    it(`of ${animal} reads the same as text, JSON and SARIF`, async () => {
      const workshop = await Workshop.create(animal)
      try {
        const found = await workshop.check()
        const lines = formatText(found).split('\n').slice(0, -1)
        for (const line of lines) expect(line).to.match(PROBLEM_PATTERN)
        const json = JSON.parse(formatJson(found)) as {
          readonly findings: readonly unknown[]
          readonly summary: unknown
        }
        expect(json.findings).to.have.length(found.findings.length)
        expect(json.summary).to.deep.equal(summarise(found))
        const sarif = JSON.parse(formatSarif(found)) as { readonly runs: readonly [SarifRun] }
        const validate = new Ajv({ strict: false }).compile(SARIF)
        expect(validate(sarif), JSON.stringify(validate.errors)).to.equal(true)
        const [{ results, tool }] = sarif.runs
        expect(results.map(({ ruleId }) => ruleId)).to.deep.equal(found.findings.map(({ rule }) => rule))
        for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).to.equal(ruleId)
      } finally {
        await workshop.close()
      }
    })
  }

  it('in SARIF has addresses of files that are valid everywhere', () => {
    const files = ['conf/a b#1.conf', String.raw`C:\x\redis.conf`, '/srv/redis.conf', 'a\ud800.conf']
    const { runs } = JSON.parse(formatSarif(report(...files.map((file) => finding(file, 'x'))))) as {
      runs: { results: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[]
    }
    expect(
      runs[0]?.results.map(({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri),
    ).to.deep.equal([
      'conf/a%20b%231.conf',
      'file:///C:/x/redis.conf',
      'file:///srv/redis.conf',
      'a%EF%BF%BD.conf',
    ])
  })
})
