import { describeBackend } from '@octavo/conformance';
import { describeWithAddon } from '../tests/addon.js';
import { cpu } from './index.js';

describeWithAddon('the native kernels', () => {
  describeBackend(cpu());
});
