import { selectLifecycle } from '../../local-nucleus/platform.ts';
import { globalLiteLifecycle, liteSkips, platformValue } from '../lite-manifest.ts';
import { entriesOf, field, itemsOf, plain, textOf, type Entry } from '../recipe-node.ts';
import type { ManifestView, Recipe } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';
import { nearest, sameWord, stepNames } from '../spelling.ts';

const systems = ['linux', 'windows', 'darwin'];
const architectures = ['amd64', 'x86', 'arm', 'aarch64', 'riscv64'];
const details = ['armv6l', 'armv7l', 'armv8l', 'armv6b', 'armv7b', 'armv8b'];
const attributes = ['os', 'architecture', 'architecture.detail', 'runtime'];
/** What others call them, and the documentation too: arm71 is in AWS's reference. */
const otherNames: Readonly<Record<string, string>> = { macos: 'darwin', x86_64: 'amd64', x64: 'amd64', i386: 'x86', arm64: 'aarch64', armv8: 'aarch64', armhf: 'arm', arm61: 'armv6l', arm71: 'armv7l', arm81: 'armv8l' };

const lifecycle = 'Lifecycle: {run: sh run.sh}\n    Artifacts: []';

/** Which manifest a device takes. */
export const platformRules: readonly Rule[] = [
  {
    id: 'empty-manifests',
    severity: 'error',
    nucleus: 'both',
    what: 'Manifests is an empty list.',
    consequence: 'The component cannot be installed anywhere.',
    instead: 'Add a manifest.',
    bad: 'Manifests: []',
    good: manifests('{os: linux, runtime: "*"}'),
    *check(recipe) {
      const entry = field(recipe.root, 'Manifests');
      if (entry?.value.kind === 'list' && entry.value.items.length === 0) yield { at: entry, detail: 'is empty' };
    },
  },
  {
    id: 'no-manifest-for-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'Nucleus lite can choose none of the manifests. It takes those whose Platform has os and runtime, `*` or `aws_nucleus_lite`, and which have a lifecycle.',
    consequence: 'The component cannot be installed there.',
    instead: 'Write Platform: {os: linux, runtime: "*"} in the manifest that is for both.',
    bad: manifests('{os: linux}'),
    good: manifests('{os: linux, runtime: "*"}'),
    *check(recipe) {
      if (recipe.manifests.some((manifest) => liteSkips(manifest, recipe) === undefined)) return;
      for (const manifest of recipe.manifests) yield { at: manifest.platform ?? manifest.node, detail: `nucleus lite passes over this manifest, for ${liteSkips(manifest, recipe) ?? ''}` };
    },
  },
  {
    id: 'manifest-without-lite',
    severity: 'note',
    nucleus: 'lite',
    what: 'Nucleus lite passes over this manifest, and can choose another one.',
    consequence: 'On nucleus lite the other one runs, or a later one that fits.',
    instead: 'Nothing, if it is meant for the classic nucleus alone; else add runtime: "*".',
    bad: manifests('{os: windows}', '{os: linux, runtime: "*"}'),
    good: manifests('{os: linux, architecture: amd64, runtime: "*"}', '{os: linux, architecture: aarch64, runtime: "*"}'),
    *check(recipe) {
      const skipped = recipe.manifests.filter((manifest) => liteSkips(manifest, recipe) !== undefined);
      if (skipped.length === recipe.manifests.length) return;
      for (const manifest of skipped) if (manifest.platform !== undefined) yield { at: manifest.platform, detail: `nucleus lite passes over this manifest, for ${liteSkips(manifest, recipe) ?? ''}` };
    },
  },
  {
    id: 'platform-missing-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A manifest has no Platform.',
    consequence: 'Nucleus lite stops there with an error and does not look at the manifests that follow.',
    instead: 'Write Platform: {os: linux, runtime: "*"}, or {os: "*"} for the classic nucleus alone.',
    bad: 'Manifests:\n  - Lifecycle: {run: sh run.sh}\n    Artifacts: []',
    good: manifests('{os: linux, runtime: "*"}'),
    *check(recipe) {
      for (const { node, platform } of recipe.manifests) if (platform === undefined) yield { at: node, detail: 'has no Platform' };
    },
  },
  {
    id: 'platform-attribute',
    severity: 'warning',
    nucleus: 'both',
    what: 'A platform attribute that no device has of itself. Their names are case-sensitive.',
    consequence: 'The manifest fits only devices whose nucleus configuration adds the attribute with platformOverride; nucleus lite does not look at it.',
    instead: 'Use os, architecture, architecture.detail or runtime.',
    bad: manifests('{OS: linux, os: linux, runtime: "*"}'),
    good: manifests('{os: linux, runtime: "*"}'),
    check: (recipe) => each(recipe, (entry) => (attributes.includes(entry.key) ? undefined : { detail: `"${entry.key}" is an attribute of no nucleus`, instead: hint(entry.key, attributes) })),
  },
  {
    id: 'platform-os',
    severity: 'warning',
    nucleus: 'both',
    what: 'An os that no nucleus reports.',
    consequence: 'The manifest fits no device.',
    instead: 'Use linux, windows or darwin, or * for any.',
    bad: manifests('{os: macos}', '{os: linux, runtime: "*"}'),
    good: manifests('{os: darwin}', '{os: linux, runtime: "*"}'),
    check: (recipe) => values(recipe, 'os', [...systems, 'all', 'any']),
  },
  {
    id: 'platform-architecture',
    severity: 'warning',
    nucleus: 'both',
    what: 'An architecture that no nucleus reports.',
    consequence: 'The manifest fits no device.',
    instead: 'Use amd64, aarch64, arm or x86, or leave it out.',
    bad: manifests('{os: linux, architecture: x86_64, runtime: "*"}'),
    good: manifests('{os: linux, architecture: amd64, runtime: "*"}'),
    check: (recipe) => values(recipe, 'architecture', [...architectures, 'all', 'any']),
  },
  {
    id: 'platform-architecture-detail',
    severity: 'warning',
    nucleus: 'classic',
    what: 'An architecture.detail that no nucleus reports. AWS\'s reference lists arm61, arm71 and arm81, which do not exist.',
    consequence: 'The manifest fits no device.',
    instead: 'Use what `uname -m` says: armv6l, armv7l or armv8l.',
    bad: manifests('{os: linux, architecture: arm, architecture.detail: arm71}', '{os: linux, runtime: "*"}'),
    good: manifests('{os: linux, architecture: arm, architecture.detail: armv7l}', '{os: linux, runtime: "*"}'),
    check: (recipe) => values(recipe, 'architecture.detail', details),
  },
  {
    id: 'platform-detail-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A manifest that nucleus lite can choose has an architecture.detail.',
    consequence: 'Nucleus lite does not look at it when it chooses: the manifest also runs where the detail differs.',
    instead: 'Let the install script look at `uname -m`, or use a manifest without runtime.',
    bad: manifests('{os: linux, architecture: arm, architecture.detail: armv7l, runtime: "*"}'),
    good: manifests('{os: linux, architecture: arm, runtime: "*"}'),
    check: (recipe) => each(recipe, (entry, manifest) => (entry.key === 'architecture.detail' && liteSkips(manifest, recipe) === undefined ? { detail: 'is not looked at' } : undefined)),
  },
  {
    id: 'platform-pattern-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A regular expression, `any`, or `all` as architecture, in a manifest with a runtime for nucleus lite.',
    consequence: 'Nucleus lite compares the text as it is, so that the manifest fits nowhere.',
    instead: 'Write one manifest per value; for any architecture leave it out.',
    bad: manifests('{os: linux, architecture: /amd64|aarch64/, runtime: "*"}'),
    good: manifests('{os: linux, architecture: amd64, runtime: "*"}', '{os: linux, architecture: aarch64, runtime: "*"}'),
    check: (recipe) =>
      each(recipe, (entry, manifest) => {
        const text = textOf(entry.value) ?? '';
        const pattern = /^\/.*\/$/.test(text) || text === 'any' || (text === 'all' && entry.key === 'architecture');
        const forLite = ['*', 'aws_nucleus_lite'].includes(platformValue(manifest, 'runtime') ?? '') || entry.key === 'runtime';
        return pattern && forLite && attributes.includes(entry.key) ? { detail: `${JSON.stringify(text)} is compared as it is` } : undefined;
      }),
  },
  {
    id: 'unreachable-manifest',
    severity: 'warning',
    nucleus: 'both',
    what: 'A manifest that is never chosen, because an earlier one fits wherever it does.',
    consequence: 'It has no effect: the first manifest that fits is taken.',
    instead: 'Put the more special manifest first.',
    bad: manifests('{os: linux, runtime: "*"}', '{os: linux, architecture: aarch64, runtime: "*"}'),
    good: manifests('{os: linux, architecture: aarch64, runtime: "*"}', '{os: linux, runtime: "*"}'),
    *check(recipe) {
      for (const [index, manifest] of recipe.manifests.entries()) {
        const earlier = recipe.manifests.slice(0, index).findIndex((one) => covers(one, manifest, recipe));
        if (earlier >= 0) yield { at: manifest.platform ?? manifest.node, detail: `manifest ${earlier + 1} fits wherever manifest ${index + 1} does` };
      }
    },
  },
  {
    id: 'selections-choose-nothing',
    severity: 'warning',
    nucleus: 'both',
    what: 'There is a lifecycle at the top, and a manifest without one of its own gets nothing of it.',
    consequence: 'The component installs there and does nothing.',
    instead: 'Name in Selections what the lifecycle has, or add all.',
    bad: `Lifecycle:\n  pi:\n    run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Selections: [pi]\n    Artifacts: []\n  - Platform: {os: windows}\n    Artifacts: []`,
    good: `Lifecycle:\n  pi:\n    run: sh run.sh\n  all:\n    run: run.cmd\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Selections: [pi]\n    Artifacts: []\n  - Platform: {os: windows}\n    Artifacts: []`,
    *check(recipe) {
      if (recipe.globalLifecycle?.value.kind !== 'map') return;
      const keywords = new Set(recipe.manifests.flatMap(({ selections }) => selections));
      for (const { node, lifecycle: own, selections } of recipe.manifests) {
        const chosen = selectLifecycle(plain(recipe.globalLifecycle.value), selections, keywords);
        if (entriesOf(own?.value).length === 0 && Object.keys(chosen ?? {}).length === 0) yield { at: node, detail: `its Selections (${selections.join(', ') || 'none'}) choose nothing of the Lifecycle at the top` };
      }
    },
  },
  {
    id: 'selections-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A manifest for nucleus lite relies on the lifecycle at the top other than by `all` or `linux` right below it.',
    consequence: 'Nucleus lite knows no other selection, and none further down: the manifest has no lifecycle there.',
    instead: 'Put the steps into the manifest, or below Lifecycle: all.',
    bad: 'Lifecycle:\n  run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Artifacts: []',
    good: 'Lifecycle:\n  all:\n    run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Artifacts: []',
    *check(recipe) {
      for (const manifest of recipe.manifests) {
        const relies = recipe.globalLifecycle !== undefined && entriesOf(manifest.lifecycle?.value).length === 0 && ['*', 'aws_nucleus_lite'].includes(platformValue(manifest, 'runtime') ?? '');
        if (relies && !globalLiteLifecycle(manifest, recipe)) yield { at: manifest.node, detail: `nucleus lite finds no Lifecycle for Selections ${manifest.selections.join(', ') || '(none, which is all)'}` };
      }
    },
  },
  {
    id: 'selection-siblings',
    severity: 'warning',
    nucleus: 'classic',
    what: 'Selections and other keys stand side by side in the lifecycle at the top.',
    consequence: 'At a level with a selection the other keys are dropped.',
    instead: 'Put them below each selection.',
    bad: 'Lifecycle:\n  Setenv: {MODE: fast}\n  all:\n    run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Artifacts: []',
    good: 'Lifecycle:\n  all:\n    Setenv: {MODE: fast}\n    run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Artifacts: []',
    *check(recipe) {
      const entries = entriesOf(recipe.globalLifecycle?.value);
      if (!entries.some(({ key }) => recipe.keywords.has(key))) return;
      for (const entry of entries) if ([...stepNames, 'setenv'].some((name) => sameWord(name, entry.key))) yield { at: entry, detail: 'stands beside a selection, and is dropped' };
    },
  },
  {
    id: 'selection-unknown',
    severity: 'warning',
    nucleus: 'classic',
    what: 'A manifest names a selection that the lifecycle at the top does not have.',
    consequence: 'It chooses nothing; the next of its selections counts, or all.',
    instead: 'Correct the word.',
    bad: 'Lifecycle:\n  pi:\n    run: sh run.sh\n  all:\n    run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Selections: [py, all]\n    Artifacts: []',
    good: 'Lifecycle:\n  pi:\n    run: sh run.sh\n  all:\n    run: sh run.sh\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Selections: [pi, all]\n    Artifacts: []',
    *check(recipe) {
      const words = new Set(keysBelow(recipe.globalLifecycle));
      for (const { node } of recipe.manifests) {
        for (const item of itemsOf(field(node, 'Selections')?.value)) {
          const word = textOf(item);
          if (word !== undefined && word !== 'all' && !words.has(word)) yield { at: item, detail: `${JSON.stringify(word)} is nowhere in the Lifecycle at the top` };
        }
      }
    },
  },
];

function manifests(...platforms: readonly string[]): string {
  return `Manifests:\n${platforms.map((platform) => `  - Platform: ${platform}\n    ${lifecycle}`).join('\n')}`;
}

function* keysBelow(entry: Entry | undefined): Iterable<string> {
  for (const inner of entriesOf(entry?.value)) {
    yield inner.key;
    yield* keysBelow(inner);
  }
}

function* each(recipe: Recipe, look: (entry: Entry, manifest: ManifestView) => Omit<Violation, 'at'> | undefined): Iterable<Violation> {
  for (const manifest of recipe.manifests) {
    for (const entry of entriesOf(manifest.platform?.value)) {
      const seen = look(entry, manifest);
      if (seen !== undefined) yield { at: entry, ...seen };
    }
  }
}

function values(recipe: Recipe, name: string, known: readonly string[]): Iterable<Violation> {
  return each(recipe, (entry) => {
    const text = textOf(entry.value);
    const fine = entry.key !== name || text === undefined || text === '' || text === '*' || /^\/.*\/$/.test(text) || known.includes(text);
    return fine ? undefined : { detail: `no nucleus reports ${JSON.stringify(text)}`, instead: hint(text, known) };
  });
}

function hint(given: string, known: readonly string[]): string | undefined {
  const word = otherNames[given.toLowerCase()] ?? nearest(given, known);
  return word === undefined ? undefined : `Write ${word}.`;
}

/** Whether an earlier manifest fits on every device that a later one fits, for each nucleus that can take the later one. */
function covers(earlier: ManifestView, later: ManifestView, recipe: Recipe): boolean {
  const implied = entriesOf(earlier.platform?.value).every((entry) => {
    const wanted = textOf(entry.value);
    const other = platformValue(later, entry.key);
    const anything = wanted === 'all' || wanted === 'any';
    return wanted === '*' || (other !== undefined && other !== '*' && (wanted === other || anything));
  });
  return implied && (liteSkips(later, recipe) !== undefined || liteSkips(earlier, recipe) === undefined);
}
