import { type Backend, defineBackend } from '@octavo/backend';
import { loadBinding } from '../load-binding.js';
import { convolutionKernels } from './convolution.js';
import { matrixProductKernels } from './matrix-product.js';

/**
 * The backend of native kernels: convolutions and matrix products of 8-bit integers. Other nodes are declined, for
 * the next backend in a session's list.
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_UNKNOWN_ISA`.
 */
export function cpu(): Backend {
  loadBinding();
  return defineBackend({ id: 'cpu', kernels: [...convolutionKernels, ...matrixProductKernels] });
}
