import { basename } from 'node:path';
import { entriesOf, everyNode, field, itemsOf, pathText, textOf, type Located, type RecipeNode } from '../recipe-node.ts';
import type { Recipe } from '../recipe-view.ts';
import type { Rule } from '../rule.ts';

const liteBytes = 8196;
const liteValues = 255;
const gdkBytes = 16_000;
const tokenExchange = 'aws.greengrass.TokenExchangeService';
const awsUse = /\b(boto3|botocore|aws-sdk|AWS_CONTAINER_\w+|aws (s3|s3api|iot|iot-data|logs|cloudwatch|dynamodb|sqs|sns|kinesis|lambda|secretsmanager|ssm) )|\bs3:\/\//;
const awsSetting = /^(s3|aws)?(bucket|bucketname|s3uri|s3url|s3endpoint)$/i;

const whole = (text: string): string => `ComponentDescription: ${text}`;

/** As nucleus lite counts them: keys and values of maps, and items of lists, on all levels. */
function valuesIn(root: RecipeNode): number {
  return [...everyNode(root)].reduce((sum, node) => sum + 2 * entriesOf(node).length + itemsOf(node).length, 0);
}

/** The file as a whole: its size, its form, and what it asks of the device. */
export const portabilityRules: readonly Rule[] = [
  {
    id: 'size-lite',
    severity: 'error',
    nucleus: 'lite',
    what: `A recipe of more than ${liteBytes} bytes.`,
    consequence: 'Nucleus lite reads recipes into a buffer of that size, and cannot read it.',
    instead: 'Move scripts into artifacts, and what DefaultConfiguration need not have into the program.',
    bad: whole('x'.repeat(liteBytes)),
    good: whole('Reads the pump.'),
    *check({ root, text }) {
      if (Buffer.byteLength(text) > liteBytes) yield { at: root, detail: `has ${Buffer.byteLength(text)} bytes` };
    },
  },
  {
    id: 'values-lite',
    severity: 'error',
    nucleus: 'lite',
    what: `A recipe of more than ${liteValues} keys, values and items of lists.`,
    consequence: 'Nucleus lite takes no more of them in one object, and fails each deployment with the recipe.',
    instead: 'Leave out what has no effect, such as descriptions of policies, and what DefaultConfiguration need not have.',
    bad: whole(`many\nComponentConfiguration: {DefaultConfiguration: {table: [${Array.from({ length: liteValues }, () => '0').join(', ')}]}}`),
    good: whole('Reads the pump.'),
    *check({ root }) {
      const count = valuesIn(root);
      if (count > liteValues) yield { at: root, detail: `has ${count} keys, values and items` };
    },
  },
  {
    id: 'size-gdk',
    severity: 'error',
    nucleus: 'gdk',
    what: `A recipe of more than ${gdkBytes} bytes.`,
    consequence: 'GDK refuses to build or publish it.',
    instead: 'Move scripts into artifacts.',
    bad: whole('x'.repeat(gdkBytes)),
    good: whole('Reads the pump.'),
    *check({ root, text }) {
      if (Buffer.byteLength(text) > gdkBytes) yield { at: root, detail: `has ${Buffer.byteLength(text)} bytes` };
    },
  },
  {
    id: 'unquoted-date',
    severity: 'error',
    nucleus: 'gdk',
    what: 'RecipeFormatVersion without quotes in YAML.',
    consequence: 'GDK reads YAML 1.1, in which that is a date, and refuses it.',
    instead: 'Write RecipeFormatVersion: "2020-01-25".',
    bad: 'RecipeFormatVersion: 2020-01-25',
    good: 'RecipeFormatVersion: "2020-01-25"',
    *check({ root, format }) {
      const entry = field(root, 'RecipeFormatVersion');
      if (format === 'yaml' && entry?.value.kind === 'scalar' && !entry.value.quoted && /^\d{4}-\d\d-\d\d$/.test(entry.value.text)) yield { at: entry, detail: 'is a date' };
    },
  },
  {
    id: 'yaml-11-value',
    severity: 'warning',
    nucleus: 'gdk',
    what: 'A value without quotes that YAML 1.1 takes for something else: yes, no, on, off, 0660, 12:30, 1_000.',
    consequence: 'GDK reads YAML 1.1 and writes the recipe anew: 0660 becomes 432, yes becomes true.',
    instead: 'Put it in quotes.',
    bad: 'ComponentConfiguration:\n  DefaultConfiguration:\n    mode: 0660',
    good: 'ComponentConfiguration:\n  DefaultConfiguration:\n    mode: "0660"',
    *check({ root, format }) {
      if (format !== 'yaml') return;
      for (const node of everyNode(root)) {
        if (node.kind === 'scalar' && !node.quoted && /^(yes|no|on|off|[-+]?0[0-7]+|[-+]?\d+(:[0-5]?\d)+|[-+]?\d[\d_]*_[\d_]*)$/i.test(node.text)) yield { at: node, detail: `${node.text} means something else in YAML 1.1` };
      }
    },
  },
  {
    id: 'yaml-alias',
    severity: 'error',
    nucleus: 'classic',
    what: 'An anchor is used again (*name) in YAML.',
    consequence: 'The classic nucleus does not follow it, and reads the name as text. What it stands for is not linted.',
    instead: 'Write it out.',
    bad: 'ComponentConfiguration:\n  DefaultConfiguration:\n    first: &limits {low: 1}\n    second: *limits',
    good: 'ComponentConfiguration:\n  DefaultConfiguration:\n    first: {low: 1}\n    second: {low: 1}',
    *check({ root }) {
      for (const node of everyNode(root)) if (node.kind === 'alias') yield { at: node, detail: 'is an alias' };
    },
  },
  {
    id: 'yaml-values-lite',
    severity: 'note',
    nucleus: 'lite',
    what: 'DefaultConfiguration of a YAML recipe has numbers, true or false.',
    consequence: 'Nucleus lite reads every value of YAML as text: GetConfiguration answers "5" and "true".',
    instead: 'Accept both in the program, or write the recipe in JSON.',
    bad: 'ComponentConfiguration:\n  DefaultConfiguration:\n    interval: 5',
    good: 'ComponentConfiguration:\n  DefaultConfiguration:\n    interval: "5"',
    *check({ format, defaultConfiguration }) {
      if (format !== 'yaml' || defaultConfiguration === undefined) return;
      const found = [...everyNode(defaultConfiguration.value)].filter((node) => node.kind === 'scalar' && (typeof node.value === 'number' || typeof node.value === 'boolean'));
      const [first, second] = found.map(({ path }) => pathText(path.slice(2)));
      if (first !== undefined) yield { at: defaultConfiguration, detail: `${first}${second === undefined ? ' is' : `, ${second}${found.length > 2 ? ` and ${found.length - 2} more` : ''} are`} text there` };
    },
  },
  {
    id: 'file-name-lite',
    severity: 'note',
    nucleus: 'lite',
    what: 'The file is not named <component>-<version>.yaml, .yml or .json.',
    consequence: 'A local deployment of nucleus lite does not find it. The cloud and the classic nucleus take any name, GDK recipe.yaml or recipe.json.',
    instead: 'Rename it before a local deployment.',
    bad: 'ComponentName: com.example.Other',
    good: 'ComponentName: com.example.Pump',
    *check({ file, root, name, version }) {
      if (name !== undefined && version !== undefined && !/[{}]/.test(name + version) && !['json', 'yaml', 'yml'].some((ending) => basename(file) === `${name}-${version}.${ending}`)) yield { at: root, detail: `expected ${name}-${version} and .yaml, .yml or .json` };
    },
  },
  {
    id: 'token-exchange-missing',
    severity: 'warning',
    nucleus: 'both',
    what: `A script or setting that looks like a use of AWS, without a dependency on ${tokenExchange}.`,
    consequence: 'Nucleus lite gives the component no credentials; the classic nucleus may start it before there are any.',
    instead: `Add ${tokenExchange} with VersionRequirement ">=2.0.3 <3.0.0".`,
    bad: 'Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: aws s3 cp data.csv s3://bucket/}\n    Artifacts: []',
    good: `ComponentDependencies:\n  ${tokenExchange}:\n    VersionRequirement: ">=2.0.3 <3.0.0"\nManifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle: {run: aws s3 cp data.csv s3://bucket/}\n    Artifacts: []`,
    *check(recipe) {
      if (recipe.dependencies.some(({ key }) => key === tokenExchange)) return;
      const [first] = hints(recipe);
      if (first !== undefined) yield { at: first, detail: 'looks like a use of AWS' };
    },
  },
];

function hints({ texts, defaultConfiguration }: Recipe): Located[] {
  const settings = defaultConfiguration?.value.kind === 'map' ? defaultConfiguration.value.entries : [];
  return [...texts.filter(({ node }) => awsUse.test(textOf(node) ?? '')).map(({ node }) => node), ...settings.filter(({ key }) => awsSetting.test(key))];
}
