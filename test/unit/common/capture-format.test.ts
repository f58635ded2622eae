import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseCaptureLine, parseTensorContentType } from '../../../components/common/capture-format.ts';
import { captureSchema } from '../../../scripts/captures/capture-schema.ts';

test('the example of the documentation is a line with every key of the schema', async () => {
  const [, example = ''] = /```json\n(\{\n  "deviceFleetInputs"[^`]*)```/.exec(await readFile('docs/capture.md', 'utf8')) ?? [];
  const line = parseCaptureLine(example);
  expect(parseTensorContentType(line.deviceFleetInputs[0]?.observedContentType ?? '')).toEqual({ word: 'FLOAT32', dtype: 'FLOAT32', shape: [1, 3, 224, 224] });
  const schema = JSON.parse(captureSchema()) as { properties: Record<string, { properties?: object }>; $defs: { entry: { properties: object } } };
  expect(Object.keys(line)).toEqual(Object.keys(schema.properties));
  expect(Object.keys(line.eventMetadata)).toEqual(Object.keys(schema.properties['eventMetadata']?.properties ?? {}));
  const keys = [...line.deviceFleetInputs, ...line.deviceFleetOutputs].flatMap(Object.keys);
  expect(new Set(keys)).toEqual(new Set(Object.keys(schema.$defs.entry.properties)));
});
