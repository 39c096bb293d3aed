/** One thing in the bundle that others have written. */
export interface Notice {
  name: string;
  version: string;
  licence: string;
  /** Path of the licence's text from the bundle's root. */
  file: string;
}

/** The list of what is carried, under which licences. */
export function noticesText(notices: readonly Notice[]): string {
  const lines = notices.map(
    ({ name, version, licence, file }) => `${name} ${version}\n    ${licence}: ${file}`,
  );
  return `This bundle carries, beside mtok (Apache-2.0: LICENSE):\n\n${lines.join('\n')}\n`;
}

/** What a person who unpacks the bundle reads first. */
export function readmeText(version: string, needs: Record<string, string>): string {
  const system = Object.entries(needs).map(([family, newest]) => `${family}_${newest}`);
  return `mtok ${version}, offline bundle for Linux x64

  ./mtok doctor            what this machine can run, and whether the bundle is whole
  ./mtok bench --help      measure models; ./mtok --help lists the other commands

Nothing else has to be installed: no Node, no network, no Vulkan loader. The system's C and C++ libraries must have
${system.join(' and ')} (Debian 12, Ubuntu 22.04 or newer). Browsers are not carried: --host chromium needs a clone.

GPUs are found through their Vulkan drivers. Where a driver lies outside of the usual folders, name its manifest:
  VK_DRIVER_FILES=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json ./mtok doctor

Packed models are kept in MTOK_CACHE, else in ~/.cache/mtok. Licences of what is carried: licences/NOTICES.txt
`;
}
