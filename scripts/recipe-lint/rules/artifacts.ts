import { liteSkips } from '../lite-manifest.ts';
import { field, textOf } from '../recipe-node.ts';
import type { ArtifactView, LifecycleView, ManifestView, Recipe } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';
import { sameWord } from '../spelling.ts';

const dockerManager = 'aws.greengrass.DockerApplicationManager';
const schemes = ['s3', 'greengrass', 'docker'];

/** Files of a component, and how scripts use them. */
export const artifactRules: readonly Rule[] = [
  {
    id: 'artifact-uri',
    severity: 'error',
    nucleus: 'both',
    what: 'An artifact whose Uri has another scheme than s3, greengrass or docker, or no file name.',
    consequence: 'The deployment fails.',
    instead: 'Write s3://bucket/folder/file.',
    bad: artifacts('- Uri: https://example.com/run.sh'),
    good: artifacts('- Uri: s3://bucket/run.sh'),
    check: (recipe) =>
      each(recipe, ({ uri, fileName }) => {
        const scheme = /^([a-z0-9+.-]+):/i.exec(textOf(uri) ?? '')?.[1];
        if (uri === undefined || textOf(uri) === undefined || textOf(uri) === '') return undefined;
        if (scheme === undefined || !schemes.includes(scheme.toLowerCase())) return `its scheme is ${scheme ?? 'missing'}`;
        return fileName === '' ? 'has no file name at its end' : undefined;
      }),
  },
  {
    id: 'artifact-same-name',
    severity: 'error',
    nucleus: 'both',
    what: 'Two artifacts of one manifest have the same file name.',
    consequence: 'Folders of the Uri are dropped on the device, so that one overwrites the other.',
    instead: 'Rename one of the files.',
    bad: artifacts('- Uri: s3://bucket/a/run.sh', '- Uri: s3://bucket/b/run.sh'),
    good: artifacts('- Uri: s3://bucket/run.sh', '- Uri: s3://bucket/check.sh'),
    *check(recipe) {
      for (const { artifacts: all } of recipe.manifests) {
        const files = all.filter(({ uri }) => !isImage(uri));
        for (const [index, { fileName, node }] of files.entries()) if (fileName !== '' && files.findIndex((one) => one.fileName === fileName) !== index) yield { at: node, detail: `a second "${fileName}"` };
      }
    },
  },
  {
    id: 'artifact-value',
    severity: 'error',
    nucleus: 'both',
    what: 'Unarchive is neither NONE nor ZIP, or a permission none of NONE, OWNER, ALL.',
    consequence: 'The recipe is refused, or the value is taken for the default.',
    instead: 'Use one of these words.',
    bad: artifacts('- Uri: s3://bucket/data.tar\n        Unarchive: TAR'),
    good: artifacts('- Uri: s3://bucket/data.zip\n        Unarchive: ZIP'),
    check: (recipe) => words(recipe, (word, known) => (known.some((one) => sameWord(one, word)) ? undefined : `expected ${known.join(' or ')}, got ${JSON.stringify(word)}`)),
  },
  {
    id: 'value-case-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'HARD, SOFT, ZIP, NONE, OWNER or ALL in another case.',
    consequence: 'Nucleus lite takes hard for SOFT, owner for the default, and refuses zip.',
    instead: 'Write it in capitals.',
    bad: artifacts('- Uri: s3://bucket/data.zip\n        Unarchive: zip'),
    good: artifacts('- Uri: s3://bucket/data.zip\n        Unarchive: ZIP'),
    *check(recipe) {
      yield* words(recipe, (word, known) => (known.some((one) => one !== word && sameWord(one, word)) ? `${JSON.stringify(word)} is spelled ${word.toUpperCase()}` : undefined));
      for (const { value } of recipe.dependencies) {
        const type = field(value, 'DependencyType');
        const text = textOf(type?.value) ?? '';
        if (type !== undefined && text !== text.toUpperCase() && ['hard', 'soft'].includes(text.toLowerCase())) yield { at: type, detail: `${JSON.stringify(text)} is spelled ${text.toUpperCase()}` };
      }
    },
  },
  {
    id: 'artifacts-key-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A manifest without Artifacts.',
    consequence: 'Nucleus lite fails deployments from the cloud that choose it.',
    instead: 'Write Artifacts: [].',
    bad: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: sleep 60}',
    good: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: sleep 60}\n    Artifacts: []',
    *check(recipe) {
      for (const manifest of recipe.manifests) if (field(manifest.node, 'Artifacts') === undefined && liteSkips(manifest, recipe) === undefined) yield { at: manifest.node, detail: 'has no Artifacts' };
    },
  },
  {
    id: 'unarchive-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'An artifact that is to be unpacked.',
    consequence: 'Nucleus lite does not unpack it in a local deployment: {artifacts:decompressedPath} stays empty. The classic nucleus does not keep the mode bits of the files.',
    instead: 'Ship a .tar.gz and unpack it in the install step.',
    bad: artifacts('- Uri: s3://bucket/data.zip\n        Unarchive: ZIP'),
    good: artifacts('- Uri: s3://bucket/data.tar.gz'),
    *check(recipe) {
      for (const manifest of recipe.manifests) {
        if (liteSkips(manifest, recipe) === undefined) for (const { node } of manifest.artifacts) if (unpacks(node)) yield { at: field(node, 'Unarchive') ?? node, detail: 'is not unpacked in a local deployment' };
      }
    },
  },
  {
    id: 'digest-in-recipe',
    severity: 'warning',
    nucleus: 'both',
    what: 'An artifact with Digest or Algorithm.',
    consequence: 'The cloud writes them. Here they are wrong with the next build, and the deployment fails.',
    instead: 'Remove them.',
    bad: artifacts('- Uri: s3://bucket/run.sh\n        Digest: bm9uZQ==\n        Algorithm: SHA-256'),
    good: artifacts('- Uri: s3://bucket/run.sh'),
    *check(recipe) {
      for (const { artifacts: all } of recipe.manifests) for (const { node } of all) for (const name of ['Digest', 'Algorithm']) {
        const entry = field(node, name);
        if (entry !== undefined) yield { at: entry, detail: 'is for the cloud to write' };
      }
    },
  },
  {
    id: 'digest-algorithm-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'An Algorithm other than SHA-256.',
    consequence: 'Nucleus lite refuses the artifact.',
    instead: 'Remove Digest and Algorithm, or use SHA-256.',
    bad: artifacts('- Uri: s3://bucket/run.sh\n        Digest: bm9uZQ==\n        Algorithm: SHA-512'),
    good: artifacts('- Uri: s3://bucket/run.sh\n        Digest: bm9uZQ==\n        Algorithm: SHA-256'),
    *check(recipe) {
      for (const { artifacts: all } of recipe.manifests) for (const { node } of all) {
        const entry = field(node, 'Algorithm');
        const text = textOf(entry?.value);
        if (entry !== undefined && text !== undefined && text !== 'SHA-256') yield { at: entry, detail: `expected SHA-256, got ${JSON.stringify(text)}` };
      }
    },
  },
  {
    id: 'artifact-not-listed',
    severity: 'error',
    nucleus: 'both',
    what: 'A script uses a file of {artifacts:path} that is not among the Artifacts.',
    consequence: 'A local deployment may bring it along; one from the cloud does not.',
    instead: 'Add the artifact, or correct the name.',
    bad: artifacts('- Uri: s3://bucket/run.sh').replace('/run.sh', '/main.sh'),
    good: artifacts('- Uri: s3://bucket/run.sh'),
    check: (recipe) => uses(recipe, ({ kind, name }, all) => (kind === 'path' && !all.some(({ fileName }) => fileName === name) ? `"${name}" is not among the Artifacts` : undefined)),
  },
  {
    id: 'artifact-not-unpacked',
    severity: 'error',
    nucleus: 'both',
    what: 'A script uses a folder of {artifacts:decompressedPath} that no artifact is unpacked to.',
    consequence: 'It is not there. An archive is unpacked to a folder of its name without the ending, if it says Unarchive: ZIP.',
    instead: 'Add Unarchive: ZIP, or correct the folder.',
    bad: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: \'sh "{artifacts:decompressedPath}/app/run.sh"\'}\n    Artifacts:\n      - Uri: s3://bucket/app.zip',
    good: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: \'sh "{artifacts:decompressedPath}/app/run.sh"\'}\n    Artifacts:\n      - Uri: s3://bucket/app.zip\n        Unarchive: ZIP',
    check: (recipe) => uses(recipe, ({ kind, name }, all) => (kind === 'decompressedPath' && !all.some(({ node, fileName }) => unpacks(node) && fileName.replace(/\.[^.]*$/, '') === name) ? `nothing is unpacked to "${name}"` : undefined)),
  },
  {
    id: 'artifact-not-executable',
    severity: 'error',
    nucleus: 'classic',
    what: 'A script runs an artifact directly, without Permission Execute.',
    consequence: 'The classic nucleus makes artifacts readable only, and those of an archive too: "Permission denied".',
    instead: 'Call the interpreter (sh, python3) with the file, or add Permission: {Execute: OWNER}.',
    bad: artifacts('- Uri: s3://bucket/run.sh').replace('sh "', '"'),
    good: artifacts('- Uri: s3://bucket/run.sh\n        Permission: {Execute: OWNER}').replace('sh "', '"'),
    check: (recipe) =>
      uses(recipe, ({ kind, name, isCommand }, all) => {
        const used = all.find(({ fileName }) => (kind === 'path' ? fileName : fileName.replace(/\.[^.]*$/, '')) === name);
        const execute = textOf(field(field(used?.node, 'Permission')?.value, 'Execute')?.value) ?? 'NONE';
        return isCommand && used !== undefined && sameWord(execute, 'NONE') ? `"${name}" is run, and its Permission has no Execute` : undefined;
      }),
  },
  {
    id: 'docker-without-manager',
    severity: 'error',
    nucleus: 'classic',
    what: `A docker artifact without a dependency on ${dockerManager}.`,
    consequence: 'The classic nucleus refuses the deployment, unless another component brings it.',
    instead: `Add ${dockerManager} to ComponentDependencies. Nucleus lite pulls images itself and has no such component.`,
    bad: artifacts('- Uri: docker:alpine:3', '- Uri: s3://bucket/run.sh'),
    good: artifacts('- Uri: s3://bucket/run.sh'),
    check: (recipe) => each(recipe, ({ uri }) => (isImage(uri) && !recipe.dependencies.some(({ key }) => key === dockerManager) ? `needs ${dockerManager}` : undefined)),
  },
  {
    id: 'artifact-file-missing',
    severity: 'error',
    nucleus: 'both',
    what: 'With --artifact-dir: an artifact whose file is not in <component>/<version>/.',
    consequence: 'A local deployment fails.',
    instead: 'Build the component, or correct the Uri.',
    bad: artifacts('- Uri: s3://bucket/run.sh'),
    good: artifacts('- Uri: s3://bucket/run.sh'),
    check: (recipe, context) => {
      const files = context.artifactsGiven ? (context.artifactFiles(recipe.name ?? '', recipe.version ?? '') ?? []) : undefined;
      return each(recipe, ({ uri, fileName }) => (files !== undefined && !isImage(uri) && !files.includes(fileName) ? `"${fileName}" is not in the artifact folder ${recipe.name ?? ''}/${recipe.version ?? ''}` : undefined));
    },
  },
  {
    id: 'artifact-file-unused',
    severity: 'warning',
    nucleus: 'both',
    what: 'With --artifact-dir: a file in <component>/<version>/ that no manifest lists.',
    consequence: 'A local deployment copies it, one from the cloud does not bring it.',
    instead: 'Add it to Artifacts, or remove the file.',
    bad: artifacts('- Uri: s3://bucket/run.sh'),
    good: artifacts('- Uri: s3://bucket/run.sh'),
    *check(recipe, context) {
      const files = context.artifactFiles(recipe.name ?? '', recipe.version ?? '') ?? [];
      const listed = recipe.manifests.flatMap(({ artifacts: all }) => all.map(({ fileName }) => fileName));
      for (const file of files) if (!listed.includes(file)) yield { at: field(recipe.root, 'Manifests') ?? recipe.root, detail: `no manifest lists the file "${file}"` };
    },
  },
];

/** A manifest that runs run.sh, with these artifacts; run.sh is one of them. */
function artifacts(...given: readonly string[]): string {
  const lines = given.some((line) => line.includes('run.sh')) ? given : ['- Uri: s3://bucket/run.sh', ...given];
  return `Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: 'sh "{artifacts:path}/run.sh"'}\n    Artifacts:\n${lines.map((line) => `      ${line}`).join('\n')}`;
}

function isImage(uri: ArtifactView['uri']): boolean {
  return /^docker:/i.test(textOf(uri) ?? '');
}

function unpacks(node: ArtifactView['node']): boolean {
  return sameWord(textOf(field(node, 'Unarchive')?.value) ?? 'NONE', 'ZIP');
}

function* each(recipe: Recipe, look: (artifact: ArtifactView) => string | undefined): Iterable<Violation> {
  for (const manifest of recipe.manifests) {
    for (const artifact of manifest.artifacts) {
      const detail = look(artifact);
      if (detail !== undefined) yield { at: artifact.uri ?? artifact.node, detail };
    }
  }
}

function* words(recipe: Recipe, look: (word: string, known: readonly string[]) => string | undefined): Iterable<Violation> {
  for (const { artifacts: all } of recipe.manifests) {
    for (const { node } of all) {
      const permission = field(node, 'Permission')?.value;
      const given = [[field(node, 'Unarchive'), ['NONE', 'ZIP']], [field(permission, 'Read'), ['NONE', 'OWNER', 'ALL']], [field(permission, 'Execute'), ['NONE', 'OWNER', 'ALL']]] as const;
      for (const [entry, known] of given) {
        const word = textOf(entry?.value);
        const detail = word === undefined ? undefined : look(word, known);
        if (entry !== undefined && detail !== undefined) yield { at: entry, detail };
      }
    }
  }
}

type Use = { readonly kind: 'path' | 'decompressedPath'; readonly name: string; /** Stands where the shell expects a command. */ readonly isCommand: boolean };

const artifactUse = /(?:(^|[;&|(\n]|\b(?:then|do|else|exec|nohup|sudo|env)[ \t])|)[ \t]*((?:\w+=\S*[ \t]+)*)(["']?)\{artifacts:(path|decompressedPath)\}\/([^\s"'/;|&)$*?]+)/g;

function* uses(recipe: Recipe, look: (use: Use, artifacts: readonly ArtifactView[]) => string | undefined): Iterable<Violation> {
  for (const lifecycle of recipe.lifecycles) {
    for (const { script } of lifecycle.steps) {
      for (const [, before, , , kind, name] of (textOf(script) ?? '').matchAll(artifactUse)) {
        const detail = look({ kind: kind === 'path' ? 'path' : 'decompressedPath', name: name ?? '', isCommand: before !== undefined }, artifactsOf(lifecycle, recipe.manifests));
        if (script !== undefined && detail !== undefined) yield { at: script, detail };
      }
    }
  }
}

/** The artifacts a lifecycle can count on: its manifest's, or of the one at the top those of any manifest. */
function artifactsOf({ manifest }: LifecycleView, manifests: readonly ManifestView[]): readonly ArtifactView[] {
  return manifest?.artifacts ?? manifests.flatMap(({ artifacts: all }) => all);
}
