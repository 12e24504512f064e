import { clipped } from '@octavo/core/tensor';
import * as v from 'valibot';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { EvaluationError } from '../evaluation-error.js';
import { parseSegmentation } from '../segments.js';
import { SUITE_SCHEMA, type Suite } from './schema.js';

/** Aliases may expand to so many times the nodes that are written: more is an attack. */
const MOST_ALIASES = 100;

/**
 * Reads a suite from YAML, of which JSON is a part.
 * @param where The file, for errors.
 * @throws EvaluationError `SUITE_SYNTAX`, `SUITE_FIELD`, each with file:line:column.
 */
export function parseSuite(text: string, where = 'suite'): Suite {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${where}:${line}:${col}`;
  };
  const [syntax] = document.errors;
  if (syntax) throw badSyntax(place(syntax.pos[0]), syntax.message);
  const placeOf = (path: readonly (string | number)[]): string => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return place(node.range[0]);
    }
    return where;
  };
  const result = v.safeParse(SUITE_SCHEMA, plainValue(document, where));
  if (!result.success) {
    const [issue] = result.issues;
    throw badField(placeOf(pathOf(issue)), v.getDotPath(issue) ?? 'the suite', faultOf(issue));
  }
  checkSegments(result.output, placeOf);
  checkMetrics(result.output, placeOf);
  return result.output;
}

function plainValue(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    throw badSyntax(where, cause instanceof Error ? cause.message : String(cause));
  }
}

/** What is wrong, in the words of a file rather than of its types. */
function faultOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'there is no such field';
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'it is missing';
  return clipped(issue.message);
}

function pathOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).flatMap(({ key }) =>
    typeof key === 'string' || typeof key === 'number' ? [key] : [],
  );
}

/** Segment specifications are checked where they are written, not where they are used. */
function checkSegments(suite: Suite, placeOf: (path: readonly (string | number)[]) => string): void {
  const check = (spec: string | undefined, path: readonly (string | number)[]): void => {
    if (spec === undefined) return;
    try {
      parseSegmentation(spec);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      throw badField(placeOf(path), path.join('.'), error.fault, error.remedy);
    }
  };
  suite.segments?.forEach((spec, i) => {
    check(spec, ['segments', i]);
  });
  for (const kind of ['accuracy', 'fidelity'] as const) {
    suite[kind]?.forEach((gate, i) => {
      gate.segments?.forEach((spec, j) => {
        check(spec, [kind, i, 'segments', j]);
      });
    });
  }
  suite.domain?.priceRange?.forEach(({ by }, i) => {
    check(by, ['domain', 'priceRange', i, 'by']);
  });
  check(suite.domain?.geography?.region, ['domain', 'geography', 'region']);
  check(suite.domain?.time?.period, ['domain', 'time', 'period']);
}

/** A gate judges its own metric, or the suite's first. */
function checkMetrics(suite: Suite, placeOf: (path: readonly (string | number)[]) => string): void {
  if (suite.metrics) return;
  const fail = (path: readonly (string | number)[]): never => {
    throw badField(placeOf(path), path.join('.'), 'no metric is named, here or under metrics');
  };
  suite.accuracy?.forEach(({ metric }, i) => {
    if (!metric) fail(['accuracy', i]);
  });
  suite.domain?.priceRange?.forEach(({ metric }, i) => {
    if (!metric) fail(['domain', 'priceRange', i]);
  });
  if (suite.domain?.geography) fail(['domain', 'geography']);
  if (suite.domain?.time) fail(['domain', 'time']);
}

function badSyntax(where: string, message: string): EvaluationError {
  return new EvaluationError({
    code: 'SUITE_SYNTAX',
    where,
    message: `${clipped(message.replace(/\.$/, ''))}.`,
    remedy: 'Write the suite in YAML or JSON.',
  });
}

function badField(where: string, field: string, message: string, remedy?: string): EvaluationError {
  return new EvaluationError({
    code: 'SUITE_FIELD',
    where,
    message: `${field}: ${message.replace(/\.$/, '')}.`,
    remedy: remedy ?? `The fields are described in docs/check.md and docs/schemas/suite.json.`,
  });
}
