import { describe, expect, it } from 'vitest';
import { agentSettings, longestStopSeconds } from '../../../components/agent/settings.ts';
import { heartbeatTopic } from '../../../components/common/device-report.ts';
import { environmentVariableOf } from '../../../components/common/settings.ts';
import { isAllowed } from '../../../scripts/local-nucleus/access-control.ts';
import { ConfigStore, type JsonObject } from '../../../scripts/local-nucleus/config-store.ts';
import { componentNames, components, recipeText } from '../../../scripts/packaging/recipes.ts';

type Step = { Script: string; Timeout?: unknown; Setenv?: Record<string, string> };
type Recipe = { ComponentConfiguration?: { DefaultConfiguration: Record<string, unknown> }; Manifests: { Lifecycle: Record<string, Step> }[] };

const all = components();
const recipeOf = (name: string): Recipe => all.find((one) => one.name === name)?.recipe as Recipe;
const lifecycleOf = (name: string): Record<string, Step> => recipeOf(name).Manifests[0]?.Lifecycle ?? {};

describe.each(all)('the recipe of $name', (component) => {
  it('fits into the eight kilobytes that nucleus lite reads', () => {
    expect(Buffer.byteLength(recipeText(component))).toBeLessThan(8_192);
  });

  it('has no brace but those of variables, and limits that are numbers', () => {
    for (const { Lifecycle } of (component.recipe as Recipe).Manifests) {
      for (const [name, step] of Object.entries(Lifecycle)) {
        expect(name).toMatch(/^(install|run|shutdown|recover)$/);
        expect(step.Script.replaceAll(/\{[\w.]+:[\w./]+\}/g, '')).not.toMatch(/[{}]/);
        expect(['number', 'undefined']).toContain(typeof step.Timeout);
      }
    }
  });
});

it('the agent gets all settings by the environment but those that it follows while it runs', () => {
  const environment = Object.keys(lifecycleOf(componentNames.agent)['run']?.Setenv ?? {}).filter((name) => name.startsWith('FESCUE_'));
  const fixed = Object.entries(agentSettings).filter(([, { live }]) => !live).map(([key]) => environmentVariableOf(key));
  expect(environment).toEqual(fixed);
  expect(fixed.length).toBeLessThan(Object.keys(agentSettings).length);
  expect(Object.keys(recipeOf(componentNames.agent).ComponentConfiguration?.DefaultConfiguration ?? {})).toEqual([...Object.keys(agentSettings), 'accessControl']);
});

it('the agent may publish its heartbeats and the shadow of its thing, hear of rejections, and nothing else', () => {
  const configurations = new ConfigStore();
  configurations.set(componentNames.agent, recipeOf(componentNames.agent).ComponentConfiguration?.DefaultConfiguration as JsonObject);
  const may = (operation: string, resource: string): boolean => isAllowed({ component: componentNames.agent, service: 'aws.greengrass.ipc.mqttproxy', operation: `aws.greengrass#${operation}`, resource }, configurations);
  const shadow = '$aws/things/camera-7/shadow/name/fescue/update';
  expect(may('PublishToIoTCore', heartbeatTopic('lobby', 'camera-7'))).toBe(true);
  expect(may('PublishToIoTCore', shadow)).toBe(true);
  expect(may('SubscribeToIoTCore', `${shadow}/rejected`)).toBe(true);
  expect(may('PublishToIoTCore', '$aws/things/camera-7/shadow/update')).toBe(false);
  expect(may('PublishToIoTCore', '$aws/things/camera-7/shadow/name/fescue/delete')).toBe(false);
  expect(may('SubscribeToIoTCore', `${shadow}/accepted`)).toBe(false);
});

it('the shutdown step is patient enough for the longest that predictions may take, and the nucleus for the step', () => {
  const { Script = '', Timeout } = lifecycleOf(componentNames.agent)['shutdown'] ?? {};
  const patience = Number(/stop\.sh" (\d+)$/.exec(Script)?.[1]);
  expect(agentSettings.StopTimeoutSeconds.max).toBe(longestStopSeconds);
  expect(patience).toBeGreaterThan(agentSettings.StopTimeoutSeconds.max + 10);
  expect(Number(Timeout)).toBeGreaterThan(patience + 10);
});
