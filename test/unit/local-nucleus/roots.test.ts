import { expect, test } from 'vitest';
import type { DeploymentRequest } from '../../../scripts/local-nucleus/deployment.ts';
import type { NucleusState } from '../../../scripts/local-nucleus/nucleus-state.ts';
import { chooseRoots } from '../../../scripts/local-nucleus/roots.ts';

const content = { recipe: '', artifacts: '' };
const state: NucleusState = {
  groups: { LOCAL_DEPLOYMENT: { one: '^1.0.0', two: '*', gone: '1.0.0', 'aws.greengrass.Cli': '*' }, 'thinggroup/robots': { three: '^3.0.0' } },
  components: [{ name: 'one', version: '1.2.0', content }, { name: 'two', version: '2.0.0', content }, { name: 'three', version: '3.1.0', content }],
  configuration: {},
  runWith: { one: 'nobody' },
  deployments: [],
};
const request = (change: Partial<DeploymentRequest>): DeploymentRequest => ({ add: {}, remove: [], configuration: {}, runWith: {}, failurePolicy: 'ROLLBACK', notifyComponents: false, ...change });

test('what is not named stays in the version that runs; other groups keep what they asked for', () => {
  const roots = chooseRoots(request({ add: { two: '^2.1.0', new: '*' }, remove: ['absent'] }), state);
  expect(roots.wanted).toEqual({ one: '1.2.0', two: '^2.1.0', new: '*', 'aws.greengrass.Cli': '2.14.0' });
  expect(roots.others).toEqual([{ requirer: 'group thinggroup/robots', name: 'three', range: '^3.0.0' }]);
  expect(roots.groups).toEqual({ LOCAL_DEPLOYMENT: roots.wanted, 'thinggroup/robots': { three: '^3.0.0' } });
});

test('root components go one by one, or all others at once', () => {
  expect(Object.keys(chooseRoots(request({ remove: ['one', 'aws.greengrass.Cli'] }), state).wanted)).toEqual(['two']);
  expect(chooseRoots(request({ add: { new: '1.0.0' }, remove: 'others' }), state).wanted).toEqual({ new: '1.0.0' });
  expect(chooseRoots(request({ groupName: 'robots', add: { four: '*' } }), state).wanted).toEqual({ three: '3.1.0', four: '*' });
});

test('only root components of the group can be configured or get a user', () => {
  expect(() => chooseRoots(request({ configuration: { three: {} } }), state)).toThrow(/Configuration is given for three, which this deployment does not hold as root component\. Root components are one, two, aws\.greengrass\.Cli;/);
  expect(() => chooseRoots(request({ runWith: { three: 'nobody' } }), state)).toThrow(/A user is given for three/);
  expect(chooseRoots(request({ runWith: { two: '1000:1000' } }), state).runWith).toEqual({ one: 'nobody', two: '1000:1000' });
  expect(chooseRoots(request({ runWith: { one: '' } }), state).runWith).toEqual({});
});
