import { attr } from '../attribute.js';
import { contradiction, type Dims, mergeDim, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim } from '../value.js';

/** An equation for operands of given ranks: one label an axis; ellipsis axes are labelled `.0`, `.1` ... */
export interface EinsumPlan {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/**
 * Reads an Einsum equation such as `bij,bjk->bik`. Without `->` the output has every label that occurs once, in
 * alphabetical order, after the ellipsis. Throws `INFER_TYPES` when equation and ranks do not fit, and when the output has an
 * axis twice or one that no input has.
 */
export function parseEinsum(equation: string, ranks: readonly number[]): EinsumPlan {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',');
  if (terms.length !== ranks.length) {
    contradiction(`Einsum ${equation} has ${terms.length} terms for ${ranks.length} inputs.`);
  }
  const hidden = Math.max(0, ...terms.map((term, i) => hiddenAxes(term, ranks[i] ?? 0)));
  const inputs = terms.map((term, i) => labelsOf(term, ranks[i] ?? 0, hidden, equation));
  const labels = inputs.flat();
  const result = right ?? implicitOutput(labels, left.includes('...'));
  const output = result.includes('...') ? expand(result, hidden, hidden) : [...result];
  const unknown = output.find((label) => !labels.includes(label));
  if (unknown !== undefined)
    contradiction(`Einsum ${equation}: no input has the axis ${unknown} of its output.`);
  const repeated = output.find((label, index) => output.indexOf(label) < index);
  if (repeated !== undefined) contradiction(`Einsum ${equation}: its output has the axis ${repeated} twice.`);
  return { inputs, output };
}

function hiddenAxes(term: string, rank: number): number {
  return term.includes('...') ? rank - (term.length - 3) : 0;
}

function labelsOf(term: string, rank: number, hidden: number, equation: string): string[] {
  const labels = expand(term, hiddenAxes(term, rank), hidden);
  if (labels.length !== rank || labels.some((label) => !/^[A-Za-z]$|^\.\d+$/.test(label))) {
    contradiction(`Einsum ${equation}: the term ${term} does not describe an input of rank ${rank}.`);
  }
  return labels;
}

/** A term with its ellipsis as the last `count` of `hidden` labels. */
function expand(term: string, count: number, hidden: number): string[] {
  const [before = '', after = ''] = term.split('...');
  if (!term.includes('...')) return [...term];
  const middle = Array.from({ length: Math.max(0, count) }, (_, i) => `.${hidden - count + i}`);
  return [...before, ...middle, ...after];
}

function implicitOutput(labels: readonly string[], ellipsis: boolean): string {
  const letters = labels.filter((label) => label.length === 1);
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return (ellipsis ? '...' : '') + once.sort().join('');
}

export const Einsum = defineOp({
  name: 'Einsum',
  since: 12,
  inputs: ['Inputs...'],
  outputs: ['Output'],
  attributes: { equation: attr.required.string() },
  inferTypes: ({ inputs, attributes: { equation } }) => {
    const values = inputs.Inputs;
    return [
      typeOf(
        realDType(values[0]),
        einsumDims(
          equation,
          values.map((value) => value?.shape),
        ),
      ),
    ];
  },
});

function einsumDims(equation: string, shapes: readonly Dims[]): Dims {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length !== shapes.length) return undefined;
  const { inputs, output } = parseEinsum(
    equation,
    known.map((shape) => shape.length),
  );
  const dims = new Map<string, Dim>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const dim = known[i]?.[axis] ?? null;
      const seen = dims.get(label);
      dims.set(label, seen === undefined || seen === 1 ? dim : dim === 1 ? seen : mergeDim(seen, dim));
    });
  });
  return output.map((label) => dims.get(label) ?? null);
}

export const einsumOps: readonly Op[] = [Einsum];
