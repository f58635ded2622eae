import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { componentNames, components } from '../../scripts/packaging/recipes.ts';
import { agentMain } from './use-agent.ts';

type Recipe = {
  ComponentVersion: string;
  ComponentConfiguration: { DefaultConfiguration: Record<string, unknown> };
  Manifests: { Lifecycle: { install: unknown; run: { Script: string } } }[];
};

export const agentComponent = componentNames.agent;
const recipe = components().find(({ name }) => name === agentComponent)?.recipe as Recipe;
export const agentVersion = recipe.ComponentVersion;

/** The artifacts that `agentRecipe` needs. */
export const agentArtifacts = { [`${agentComponent}/${agentVersion}/stop.sh`]: readFileSync(resolve('components/common/stop.sh'), 'utf8') };

/**
 * The recipe of the agent as it is published, but with the program of this checkout: run by this Node, and not installed.
 *
 * @param change anything that makes it another one, for the local nucleus to start it again
 */
export function agentRecipe(configuration: Record<string, unknown>, change = ''): object {
  const [manifest] = recipe.Manifests;
  const { install: _, run, ...lifecycle } = manifest?.Lifecycle ?? { run: { Script: '' } };
  const Script = `echo "pid $$"; ${run.Script.replace(/exec .*$/, `exec "${process.execPath}" "${agentMain}"`)} ${change}`;
  return {
    ...recipe,
    ComponentConfiguration: { DefaultConfiguration: { ...recipe.ComponentConfiguration.DefaultConfiguration, ...configuration } },
    ComponentDependencies: {},
    Manifests: [{ ...manifest, Lifecycle: { ...lifecycle, run: { ...run, Script } }, Artifacts: [{ Uri: 's3://B/C/V/stop.sh' }] }],
  };
}
