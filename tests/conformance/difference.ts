import { DTYPES, isBigInt, isFloat, sameShape, type Tensor, toNumbers } from '@octavo/core/tensor';

/** The tolerances of ONNX's own runner (`numpy.testing.assert_allclose`): `|x - y| <= atol + rtol |x|`. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** The first difference between an expected tensor and a computed one, or undefined when they agree. */
export function difference(expected: Tensor, found: Tensor): string | undefined {
  if (expected.dtype !== found.dtype || !sameShape(expected.shape, found.shape)) {
    return `expected ${expected.dtype}[${expected.shape}], found ${found.dtype}[${found.shape}]`;
  }
  if (isFloat(expected.dtype)) return firstDifference(toNumbers(expected), toNumbers(found), isClose);
  return firstDifference(exactElements(expected), exactElements(found), (a, b) => a === b);
}

/** Array slots that are equal when the elements are: strings and opaque types by their bytes. */
function exactElements(tensor: Tensor): ArrayLike<number | bigint> {
  const { kind } = DTYPES[tensor.dtype];
  if (isBigInt(tensor.dtype) || kind === 'opaque' || kind === 'string') return tensor.data;
  return toNumbers(tensor);
}

function isClose(expected: number, found: number): boolean {
  if (Object.is(expected, found) || expected === found) return true;
  return Math.abs(expected - found) <= ABSOLUTE + RELATIVE * Math.abs(expected);
}

function firstDifference<T>(
  expected: ArrayLike<T>,
  found: ArrayLike<T>,
  equal: (a: T, b: T) => boolean,
): string | undefined {
  if (expected.length !== found.length) return `expected ${expected.length} slots, found ${found.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [expected[i] as T, found[i] as T];
    if (!equal(a, b)) return `element ${i}: expected ${a}, found ${b}`;
  }
  return undefined;
}
