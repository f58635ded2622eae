import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { withLimitExplained } from '../../../components/agent/message-limit.ts';

const path = '/AWS.SageMaker.Edge.Agent/Predict';

test.each([
  ['Received message larger than max (2097153 vs 2097152)', 'got 2097153'],
  ['Received message that decompresses to a size larger than 2097152', 'got more once decompressed'],
])('%s is said with limit, setting and remedy', (details, got) => {
  const explained = withLimitExplained(path, { code: status.RESOURCE_EXHAUSTED, details }, 2_097_152);
  expect(explained).toEqual({
    code: status.RESOURCE_EXHAUSTED,
    details: `Predict: expected a message of at most 2097152 bytes (MaxMessageMegabytes: 2), ${got}. Send large tensors through shared memory, or raise MaxMessageMegabytes.`,
  });
});

test.each([
  { code: status.OK, details: 'OK' },
  { code: status.RESOURCE_EXHAUSTED, details: 'Model "a" already has 64 predictions waiting (QueueSize).' },
  { code: status.INTERNAL, details: 'Received message larger than max (2 vs 1)' },
])('$details with code $code stays as it is', (other) => {
  expect(withLimitExplained(path, other, 1_048_576)).toBe(other);
});
