import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCaptureLine, type CaptureLine } from '../../components/common/capture-format.ts';
import { eventually } from './use-agent.ts';

/** Every line below a capture folder, once there are so many. */
export async function capturedLines(folder: string, count: number): Promise<CaptureLine[]> {
  let lines: CaptureLine[] = [];
  await eventually(async () => {
    lines = await linesBelow(folder);
    return lines.length >= count;
  }, `${count} captured lines in ${folder}`);
  return lines;
}

/** The lines there are now; none while there is no folder. */
export async function linesBelow(folder: string): Promise<CaptureLine[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const texts = await Promise.all(names.filter((name) => name.endsWith('.jsonl')).map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.trimEnd().split('\n')).map(parseCaptureLine);
}
