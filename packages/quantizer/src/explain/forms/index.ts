import { dynamic } from './dynamic.js';
import type { LayerForm } from './layer-form.js';
import { matMulNBits } from './matmul-nbits.js';
import { qdq } from './qdq.js';

/** How files hold quantized layers. */
export const LAYER_FORMS: readonly LayerForm[] = [qdq, matMulNBits, dynamic];
