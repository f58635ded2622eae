import type { MethodDefinition } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { expect, test } from 'vitest';
import { loadAgentService } from '../../../../components/common/wire.ts';
import { healthOf, modelsOf } from '../../../../scripts/doctor/device/agent-answers.ts';

const list = service['List'] as unknown as MethodDefinition<object, object>;
const models = loadAgentService().ListModels;

test('health is taken apart as it was put together', () => {
  const statuses = { '': { status: 'SERVING' }, 'model/classifier': { status: 'NOT_SERVING' }, 'model/new': { status: 'UNKNOWN' }, gone: { status: 'SERVICE_UNKNOWN' } };
  expect(Object.fromEntries(healthOf(list.responseSerialize({ statuses })))).toEqual({ '': 'SERVING', 'model/classifier': 'NOT_SERVING', 'model/new': 'UNKNOWN', gone: 'SERVICE_UNKNOWN' });
  expect(healthOf(Buffer.alloc(0)).size).toBe(0);
});

test('models are, too, without their tensors', () => {
  const tensor = { name: Buffer.from('input'), dataType: 'FLOAT32', shape: [1, 3] };
  const sent = [{ url: '/models/ä', name: 'classifier', inputTensorMetadatas: [tensor], outputTensorMetadatas: [] }, { url: '', name: 'x', inputTensorMetadatas: [], outputTensorMetadatas: [] }];
  expect(modelsOf(models.responseSerialize({ models: sent }))).toEqual([{ url: '/models/ä', name: 'classifier' }, { url: '', name: 'x' }]);
});

test.each(['0a', '0aff', '0a020a05', '00'])('bytes that are no message are refused: %s', (hex) => {
  expect(() => healthOf(Buffer.from(hex, 'hex'))).toThrow('are no such message');
});
