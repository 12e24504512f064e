import { clipped } from '@octavo/core/tensor';
import * as v from 'valibot';

/** Which field of a JSON document is wrong, and what is expected there. */
export function fieldFault(issue: v.BaseIssue<unknown>): string {
  const [field, fault] = innermost(issue);
  return `${field.join('.') || 'it'}: ${clipped(fault)}`;
}

/** Of several forms that a field may have, the one that fits best is meant: the one of which a part is wrong. */
function innermost(issue: v.BaseIssue<unknown>): [field: string[], fault: string] {
  const path = v.getDotPath(issue);
  const field = path === null ? [] : [path];
  const inner = issue.type === 'union' ? issue.issues?.find((each) => each.path !== undefined) : undefined;
  if (!inner) return [field, issue.message];
  const [rest, fault] = innermost(inner);
  return [[...field, ...rest], fault];
}
