import type { Backend } from '@octavo/backend';
import { loadBinding } from '../load-binding.js';
import { loweringTable, supportOf } from '../lowering/choose-lowering.js';
import { compilerOf, compileSubgraph } from '../lowering/compile.js';
import { LOWERINGS } from '../lowering/lowerings.js';
import { openProgram } from '../lowering/open-program.js';

/**
 * The backend of native kernels: a whole subgraph of ops that it has becomes one native program. Other nodes are
 * declined with the reason, for the next backend in a session's list.
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_UNKNOWN_ISA`.
 */
export function cpu(): Backend {
  const { binding } = loadBinding();
  const lowerings = loweringTable(LOWERINGS);
  const compiler = compilerOf(binding, lowerings);
  return {
    id: 'cpu',
    supports: (node, context) => supportOf(lowerings, node, context),
    compile: (subgraph, options = {}) => compileSubgraph(compiler, subgraph, options),
    open: (token) => openProgram(binding, token),
    [Symbol.dispose]() {},
  };
}
