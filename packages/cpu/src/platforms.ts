/** A platform that an addon can be built for. The instruction set is chosen at run time, within one binary. */
export interface Platform {
  /** As in `@octavo/cpu-<name>`. */
  readonly name: string;
  readonly os: 'linux' | 'darwin' | 'win32';
  readonly cpu: 'x64' | 'arm64';
  readonly libc?: 'glibc' | 'musl';
}

/** The only list of platforms: the names of the packages that an addon is looked for in follow it. */
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

/**
 * The platforms whose addon may load in this process; none where no addon is made for it. Which C library it runs on is
 * left to npm, which installs the package that fits: asking Node takes ten milliseconds.
 */
export function currentPlatforms(): readonly Platform[] {
  const { platform, arch } = process;
  return PLATFORMS.filter(({ os, cpu }) => os === platform && cpu === arch);
}
