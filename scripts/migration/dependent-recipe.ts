import { isMap, isPair, isScalar, visit, type Document, type Pair, type YAMLMap } from 'yaml';
import { agentSettings } from '../../components/agent/settings.ts';
import { originalComponent, originalSettings } from '../../components/common/original-settings.ts';
import { compatibleRange, componentNames, components } from '../packaging/recipes.ts';
import type { ReportLine } from './configuration.ts';

const newComponent = componentNames.agent;
const placeholder = new RegExp(`\\{${RegExp.escape(originalComponent)}:([^}]*)\\}`, 'g');

/**
 * Makes a recipe that uses the original's component use ours: its dependency, and the placeholders that read its
 * configuration or work folder. Comments and order stay; the document is changed in place.
 */
export function migrateDependentRecipe(document: Document): ReportLine[] {
  const report = [...renameDependency(document)];
  visit(document, {
    Scalar(_, node, ancestors) {
      if (typeof node.value !== 'string') return;
      node.value = node.value.replaceAll(placeholder, (whole, what: string) => {
        const line = migratePlaceholder(whole, what);
        if (!report.some(({ key }) => key === line.key)) report.push(line);
        return line.outcome === 'renamed' ? line.becomes : whole;
      });
      if (mentionsOriginal(String(node.value))) {
        report.push({ key: placeOf(ancestors), outcome: 'kept', becomes: '', why: `names ${originalComponent}; see whether it is a folder or a component, which is ${newComponent} now` });
      }
    },
  });
  return report;
}

function renameDependency(document: Document): ReportLine[] {
  const dependencies = isMap(document.contents) ? pairOf(document.contents, 'ComponentDependencies')?.value : undefined;
  const dependency = isMap(dependencies) ? pairOf(dependencies, originalComponent) : undefined;
  if (!isMap(dependencies) || dependency === undefined || !isScalar(dependency.key)) return [];
  const range = compatibleRange(components().find(({ name }) => name === newComponent)?.version ?? '0.0.0');
  const line = { key: `ComponentDependencies ${originalComponent}`, outcome: 'renamed', becomes: `${newComponent} ${range}`, why: 'the agent is this component now' } as const;
  if (pairOf(dependencies, newComponent) !== undefined) {
    dependencies.delete(dependency.key);
    return [{ ...line, outcome: 'dropped', becomes: '', why: `the recipe depends on ${newComponent} already` }];
  }
  dependency.key.value = newComponent;
  if (isMap(dependency.value)) {
    const given = pairOf(dependency.value, 'VersionRequirement');
    if (isScalar(given?.value)) given.value.value = range;
    else dependency.value.set('VersionRequirement', range);
  } else {
    dependencies.set(dependency.key, document.createNode({ VersionRequirement: range }));
  }
  return [line];
}

/** A property in any case, as Greengrass reads recipes. */
function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && String(key.value).toLowerCase() === name.toLowerCase());
}

/** @param what the placeholder without the component's name, such as `configuration:/UnixSocketName` */
function migratePlaceholder(whole: string, what: string): ReportLine {
  const dropped = { key: whole, outcome: 'dropped', becomes: '' } as const;
  if (what === 'work:path') return { key: whole, outcome: 'renamed', becomes: `{${newComponent}:work:path}`, why: 'the work folder of the new component' };
  const key = /^configuration:\/(\w+)$/.exec(what)?.[1];
  if (key === undefined) return { ...dropped, why: `${newComponent} has nothing of that kind; left as it is, and Greengrass will not replace it` };
  const became = originalSettings.find((row) => row.greengrass === key)?.became;
  if (became === undefined || !('key' in became) || became.values !== undefined || !Object.hasOwn(agentSettings, became.key)) {
    return { ...dropped, why: `${newComponent} has no setting with that meaning; left as it is: write the value itself` };
  }
  return { key: whole, outcome: 'renamed', becomes: `{${newComponent}:configuration:/${became.key}}`, why: 'the same setting' };
}

/** The socket keeps its name, and placeholders have their own lines. */
function mentionsOriginal(text: string): boolean {
  return text.replaceAll(`${originalComponent}.sock`, '').replaceAll(placeholder, '').includes(originalComponent);
}

/** The keys that lead to a value; the value itself may hold a secret. */
function placeOf(ancestors: readonly unknown[]): string {
  return ancestors.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : [])).join('.');
}
