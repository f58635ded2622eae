import { agentSettings } from '../../components/agent/settings.ts';
import { environmentVariableOf, expectation, flagOf, type Setting, type SettingsTable } from '../../components/common/settings.ts';
import { inferenceSettings } from '../../components/inference/settings.ts';
import { componentNames } from './recipes.ts';

/** The text of `docs/settings.md`. */
export function settingsPage(): string {
  return `<!-- Rendered from the settings tables by \`npm run render\`; edits here are overwritten. -->

# Settings

Each key is a key of the component's Greengrass configuration. By hand, the same setting is a flag or an environment
variable: \`UnixSocketName\` is \`${flagOf('UnixSocketName')}\` and \`${environmentVariableOf('UnixSocketName')}\`. A flag wins over
the environment, the environment over a file (\`-c\`), the file over Greengrass. Numbers and booleans may be written as
text. An empty value means the default. All problems of a configuration are reported at once; a key that is not known is a
warning. A running component follows changes of the settings marked *live*: all of them together, or none when one cannot be
used, which is logged. A change of another one makes the inference component finish what runs and begin anew in the same process;
the agent is restarted by Greengrass then. Nucleus lite restarts a component on any change. The agent's file may use the keys of
the original Edge Manager agent: [migration.md](migration.md).

${section(componentNames.agent, agentSettings)}
${section(componentNames.inference, inferenceSettings)}`;
}

function section(component: string, table: SettingsTable): string {
  const rows = Object.entries(table).map(([key, setting]) => `| \`${key}\` | ${defaultOf(setting)} | ${expectation(setting)} | ${setting.doc}${setting.live ? ' *Live.*' : ''} |`);
  return `## ${component}

| Key | Default | Takes | What it does |
|---|---|---|---|
${rows.join('\n')}
`;
}

function defaultOf(setting: Setting): string {
  return setting.default === '' ? 'empty' : `\`${String(setting.default)}\``;
}
