import { entriesOf, field, itemsOf, textOf, type Entry, type Located, type MapNode, type RecipeNode, type ScalarNode } from './recipe-node.ts';

export type RecipeFile = { readonly file: string; readonly text: string; readonly format: 'yaml' | 'json'; readonly root: MapNode };

/** One way a step can run; a step of the global lifecycle may have several, by selection. */
export type StepView = {
  /** In lower case. */
  readonly name: string;
  readonly entry: Entry;
  readonly body: RecipeNode;
  readonly script: ScalarNode | undefined;
  readonly setenv: readonly Entry[];
};

/** A map of steps: a manifest's own, or one that selections choose of the global lifecycle. */
export type LifecycleView = Located & {
  readonly manifest: ManifestView | undefined;
  readonly entries: readonly Entry[];
  readonly steps: readonly StepView[];
  readonly setenv: readonly Entry[];
};

export type ArtifactView = { readonly node: RecipeNode; readonly uri: ScalarNode | undefined; /** The last segment of the URI. */ readonly fileName: string };

export type ManifestView = {
  readonly node: RecipeNode;
  readonly platform: Entry | undefined;
  readonly lifecycle: Entry | undefined;
  readonly selections: readonly string[];
  readonly artifacts: readonly ArtifactView[];
};

export type PolicyView = { readonly service: Entry; readonly policy: Entry };

/** A text in which the nucleus replaces variables. */
export type InterpolatedText = { readonly node: ScalarNode; readonly role: 'script' | 'setenv' | 'option' };

/** A recipe as people mean it, whatever its spelling; absent parts are empty. */
export type Recipe = RecipeFile & {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly dependencies: readonly Entry[];
  readonly defaultConfiguration: Entry | undefined;
  readonly policies: readonly PolicyView[];
  readonly manifests: readonly ManifestView[];
  readonly globalLifecycle: Entry | undefined;
  /** Words that choose a part of the global lifecycle. */
  readonly keywords: ReadonlySet<string>;
  readonly lifecycles: readonly LifecycleView[];
  readonly texts: readonly InterpolatedText[];
};

export function viewOf(source: RecipeFile): Recipe {
  const { root } = source;
  const manifests = itemsOf(field(root, 'Manifests')?.value).map(manifestOf);
  const globalLifecycle = field(root, 'Lifecycle');
  const keywords = new Set(['all', 'linux', ...manifests.flatMap(({ selections }) => selections)]);
  const own = manifests.flatMap((manifest) => (manifest.lifecycle === undefined ? [] : [lifecycleOf(manifest.lifecycle.value, manifest, new Set())]));
  const shared = globalLifecycle === undefined ? [] : levels(globalLifecycle.value, keywords).map((level) => lifecycleOf(level, undefined, keywords));
  const lifecycles = [...own, ...shared];
  const defaultConfiguration = field(field(root, 'ComponentConfiguration')?.value, 'DefaultConfiguration');
  return {
    ...source,
    name: textOf(field(root, 'ComponentName')?.value),
    version: textOf(field(root, 'ComponentVersion')?.value),
    dependencies: entriesOf(field(root, 'ComponentDependencies')?.value),
    defaultConfiguration,
    policies: entriesOf(field(defaultConfiguration?.value, 'accessControl')?.value).flatMap((service) => entriesOf(service.value).map((policy) => ({ service, policy }))),
    manifests,
    globalLifecycle,
    keywords,
    lifecycles,
    texts: lifecycles.flatMap(textsOf),
  };
}

function manifestOf(node: RecipeNode): ManifestView {
  const selections = itemsOf(field(node, 'Selections')?.value).flatMap((item) => textOf(item) ?? []);
  const artifacts = itemsOf(field(node, 'Artifacts')?.value).map((artifact): ArtifactView => {
    const uri = field(artifact, 'Uri')?.value;
    return { node: artifact, uri: uri?.kind === 'scalar' ? uri : undefined, fileName: textOf(uri)?.split('/').at(-1) ?? '' };
  });
  return { node, platform: field(node, 'Platform'), lifecycle: field(node, 'Lifecycle'), selections, artifacts };
}

function lifecycleOf(node: RecipeNode, manifest: ManifestView | undefined, keywords: ReadonlySet<string>): LifecycleView {
  const entries = entriesOf(node);
  const steps = entries.filter(({ key }) => key.toLowerCase() !== 'setenv').flatMap((entry) => levels(entry.value, keywords).map((body) => stepOf(entry, body)));
  return { path: node.path, line: node.line, column: node.column, manifest, entries, steps, setenv: entriesOf(field(node, 'Setenv')?.value) };
}

function stepOf(entry: Entry, body: RecipeNode): StepView {
  const script = body.kind === 'map' ? field(body, 'Script')?.value : body;
  return { name: entry.key.toLowerCase(), entry, body, script: script?.kind === 'scalar' ? script : undefined, setenv: entriesOf(field(body, 'Setenv')?.value) };
}

/** What a level of the global lifecycle can become: itself, or what its keywords lead to. */
function levels(node: RecipeNode, keywords: ReadonlySet<string>): RecipeNode[] {
  const chosen = entriesOf(node).filter(({ key }) => keywords.has(key));
  return chosen.length === 0 ? [node] : chosen.flatMap(({ value }) => levels(value, keywords));
}

function textsOf({ steps, setenv }: LifecycleView): InterpolatedText[] {
  const inSetenv = (entries: readonly Entry[]): InterpolatedText[] => entries.flatMap(({ value }) => (value.kind === 'scalar' ? [{ node: value, role: 'setenv' as const }] : []));
  return [
    ...inSetenv(setenv),
    ...steps.flatMap((step) => [
      ...(step.script === undefined ? [] : [{ node: step.script, role: 'script' as const }]),
      ...inSetenv(step.setenv),
      ...['Skipif', 'Timeout'].flatMap((name) => {
        const value = field(step.body, name)?.value;
        return value?.kind === 'scalar' ? [{ node: value, role: 'option' as const }] : [];
      }),
    ]),
  ];
}
