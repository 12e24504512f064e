import { existsSync, readFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/**
 * Peak resident set of this process in bytes. On Linux `getrusage` counts what the parent held when it forked, so that a
 * small process started by a large one looks large; the high-water mark of the process's own memory does not.
 */
export function peakResident() {
  const own = existsSync(STATUS) && /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8'))?.[1];
  return 1024 * (own ? Number(own) : process.resourceUsage().maxRSS);
}
