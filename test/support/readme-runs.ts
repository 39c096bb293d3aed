/** A command that a document shows, and what it says that it prints. */
export interface ReadmeRun {
  /** Behind `mtok`. */
  args: string[];
  output: string;
}

/** The runs in a document's `console` blocks: `$ mtok …`, over several lines with backslashes, then the output. */
export function readmeRuns(markdown: string): ReadmeRun[] {
  const blocks = markdown.matchAll(/^```console\n\$ mtok ((?:.*\\\n)*.*)\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, command = '', output = '']) => ({
    args: command.replaceAll('\\\n', ' ').trim().split(/\s+/),
    output,
  }));
}

/** Hashes of price books change with catalogues that come with the program; everything else must stay. */
export function withoutBookHash(text: string): string {
  return text.replace(/\b[0-9a-f]{12}\b/g, '0'.repeat(12));
}
