import { stringify } from 'yaml';

/** A recipe that no rule objects to, by top-level key. */
const base: Readonly<Record<string, unknown>> = {
  RecipeFormatVersion: '2020-01-25',
  ComponentName: 'com.example.Pump',
  ComponentVersion: '1.0.0',
  Manifests: [{ Platform: { os: 'linux', runtime: '*' }, Lifecycle: { run: 'sh "{artifacts:path}/run.sh"' }, Artifacts: [{ Uri: 's3://bucket/run.sh' }] }],
};

/** That recipe with the top-level keys of a rule's example in place of its own, under the name that a deployment expects. */
export function exampleRecipe(example: string): { file: string; text: string } {
  if (example.startsWith('{')) return { file: 'com.example.Pump-1.0.0.json', text: JSON.stringify({ ...base, ...(JSON.parse(example) as object) }) };
  const given = [...example.matchAll(/^(\w+):/gm)].map(([, key]) => key);
  const rest = Object.fromEntries(Object.entries(base).filter(([key]) => !given.includes(key)));
  const version = /^ComponentVersion: "?([\w.{}]+)/m.exec(example)?.[1] ?? '1.0.0';
  return { file: `com.example.Pump-${version}.yaml`, text: `${stringify(rest, { version: '1.1' })}${example}\n` };
}
