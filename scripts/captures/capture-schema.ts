import { z } from 'zod';
import { captureLine } from '../../components/common/capture-format.ts';

/** The text of `docs/capture-format.schema.json`: the JSON Schema of a line of captured data. */
export function captureSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(captureLine, { io: 'input' });
  return `${JSON.stringify({ $schema, title: 'A line of captured data', ...schema }, null, 2)}\n`;
}
