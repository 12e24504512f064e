/** A platform that a prebuilt addon exists for. The instruction set is chosen at run time, within one binary. */
export interface Platform {
  /** As in `@octavo/cpu-<name>`. */
  readonly name: string;
  readonly os: 'linux' | 'darwin' | 'win32';
  readonly cpu: 'x64' | 'arm64';
  readonly libc?: 'glibc' | 'musl';
}

/** The only list of platforms: platform packages, optional dependencies and the CI matrix follow it. */
export const PLATFORMS: readonly Platform[] = [
  { name: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  { name: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  { name: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { name: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  { name: 'darwin-x64', os: 'darwin', cpu: 'x64' },
  { name: 'darwin-arm64', os: 'darwin', cpu: 'arm64' },
  { name: 'win32-x64-msvc', os: 'win32', cpu: 'x64' },
  { name: 'win32-arm64-msvc', os: 'win32', cpu: 'arm64' },
];

/** The platform of this process, or undefined where no addon is prebuilt for it. */
export function currentPlatform(): Platform | undefined {
  const { platform, arch } = process;
  return PLATFORMS.find(
    ({ os, cpu, libc }) => os === platform && cpu === arch && (libc === undefined || libc === currentLibc()),
  );
}

/** The C library that this Node runs on. Node's report names the version of glibc only where it is used. */
function currentLibc(): 'glibc' | 'musl' {
  const report: unknown = process.report?.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return 'glibc';
  const { header } = report;
  return typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header ? 'glibc' : 'musl';
}
