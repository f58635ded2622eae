import { skipIfPattern } from '../../local-nucleus/lifecycle.ts';
import { liteSkips } from '../lite-manifest.ts';
import { entriesOf, field, textOf, type Entry } from '../recipe-node.ts';
import type { LifecycleView, Recipe, StepView } from '../recipe-view.ts';
import type { Rule, Violation } from '../rule.ts';

const liteSteps = ['bootstrap', 'install', 'startup', 'run'];

/** Steps and their options. */
export const lifecycleRules: readonly Rule[] = [
  {
    id: 'startup-and-run',
    severity: 'warning',
    nucleus: 'both',
    what: 'A lifecycle has both startup and run.',
    consequence: 'startup runs and run does not.',
    instead: 'Use run for a process that stays, startup for one that starts something and ends.',
    bad: steps('startup: sh start.sh', 'run: sh run.sh'),
    good: steps('run: sh run.sh'),
    *check(recipe) {
      for (const lifecycle of recipe.lifecycles) {
        const run = lifecycle.steps.find(({ name }) => name === 'run');
        if (run !== undefined && lifecycle.steps.some(({ name }) => name === 'startup')) yield { at: run.entry, detail: 'stands beside startup' };
      }
    },
  },
  {
    id: 'nothing-runs-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A lifecycle has neither startup nor run.',
    consequence: 'Nucleus lite makes no unit of it, and a deployment waits for it for five minutes and fails. Elsewhere it is FINISHED once it is installed.',
    instead: 'Add run with the script "true" to a component that only brings files.',
    bad: steps('install: sh install.sh'),
    good: steps('install: sh install.sh', 'run: "true"'),
    *check(recipe) {
      for (const lifecycle of recipe.lifecycles) if (forLite(lifecycle, recipe) && !lifecycle.steps.some(({ name }) => name === 'run' || name === 'startup')) yield { at: lifecycle, detail: 'has neither startup nor run' };
    },
  },
  {
    id: 'startup-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A startup step.',
    consequence: 'Nucleus lite ends it with "systemd-notify --stopping", which systemd knows since 253: before, as on Debian 12, the unit fails.',
    instead: 'Use run.',
    bad: steps('startup: sh start.sh'),
    good: steps('run: sh run.sh'),
    *check(recipe) {
      for (const lifecycle of recipe.lifecycles) {
        const startup = lifecycle.steps.find(({ name }) => name === 'startup');
        if (startup !== undefined && forLite(lifecycle, recipe)) yield { at: startup.entry, detail: 'is a step of its own kind on nucleus lite' };
      }
    },
  },
  {
    id: 'no-step-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A lifecycle for nucleus lite without any of bootstrap, install, startup and run.',
    consequence: 'Nucleus lite refuses the component.',
    instead: 'Add an install step, if only "true".',
    bad: steps('shutdown: sh stop.sh'),
    good: steps('install: "true"', 'shutdown: sh stop.sh'),
    *check(recipe) {
      for (const lifecycle of recipe.lifecycles) if (forLite(lifecycle, recipe) && !lifecycle.steps.some(({ entry }) => liteSteps.includes(entry.key))) yield { at: lifecycle, detail: `has none of ${liteSteps.join(', ')}` };
    },
  },
  {
    id: 'step-ignored-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A shutdown, recover or uninstall step.',
    consequence: 'Nucleus lite never runs it: it stops a component with SIGTERM, and starts it again after a failure.',
    instead: 'Do it in the program when SIGTERM comes, or at the next start.',
    bad: steps('run: sh run.sh', 'shutdown: sh stop.sh'),
    good: steps('run: sh run.sh'),
    check: (recipe) => eachStep(recipe, (step, lifecycle) => (['shutdown', 'recover', 'uninstall'].includes(step.name) && forLite(lifecycle, recipe) ? 'is not run' : undefined)),
  },
  {
    id: 'bootstrap-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A bootstrap step.',
    consequence: 'Nucleus lite supports it in part.',
    instead: 'Use install where no restart of the device or the nucleus is needed.',
    bad: steps('bootstrap: sh setup.sh', 'run: sh run.sh'),
    good: steps('install: sh setup.sh', 'run: sh run.sh'),
    check: (recipe) => eachStep(recipe, (step, lifecycle) => (step.name === 'bootstrap' && forLite(lifecycle, recipe) ? 'is supported in part' : undefined)),
  },
  {
    id: 'uninstall-step',
    severity: 'warning',
    nucleus: 'classic',
    what: 'An uninstall step.',
    consequence: 'Only the newest classic nuclei run it, and they ignore its failure.',
    instead: 'Leave nothing outside the work folder that has to be removed.',
    bad: steps('run: sh run.sh', 'uninstall: sh remove.sh'),
    good: steps('run: sh run.sh'),
    check: (recipe) => eachStep(recipe, (step) => (step.name === 'uninstall' ? 'is not run by older nuclei' : undefined)),
  },
  {
    id: 'script-missing',
    severity: 'error',
    nucleus: 'both',
    what: 'A step without Script.',
    consequence: 'The step fails, or is refused.',
    instead: 'Add Script.',
    bad: steps('run: {RequiresPrivilege: false}'),
    good: steps('run: {Script: sh run.sh, RequiresPrivilege: false}'),
    check: (recipe) => eachStep(recipe, ({ body, entry }) => (body.kind === 'map' && entry.key.toLowerCase() !== 'errorresettime' && (textOf(field(body, 'Script')?.value) ?? '') === '' && !isStructure(field(body, 'Script')) ? 'has no Script' : undefined)),
  },
  {
    id: 'timeout-value',
    severity: 'error',
    nucleus: 'both',
    what: 'A Timeout that is no number of seconds above 0.',
    consequence: 'The step times out at once, or the component is refused.',
    instead: 'Write whole seconds, such as Timeout: 300.',
    bad: steps('run: {Script: sh run.sh}', 'install: {Script: sh install.sh, Timeout: 5m}'),
    good: steps('run: {Script: sh run.sh}', 'install: {Script: sh install.sh, Timeout: 300}'),
    check: (recipe) => option(recipe, 'Timeout', (text) => (hasVariable(text) || Number(text) > 0 ? undefined : `expected seconds above 0, got ${JSON.stringify(text)}`)),
  },
  {
    id: 'timeout-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A Timeout with a recipe variable or a fraction.',
    consequence: 'Nucleus lite takes only whole numbers there, and refuses the component.',
    instead: 'Write whole seconds, such as Timeout: 300.',
    bad: steps('run: sh run.sh', 'install: {Script: sh install.sh, Timeout: 2.5}'),
    good: steps('run: sh run.sh', 'install: {Script: sh install.sh, Timeout: 3}'),
    check: (recipe) => option(recipe, 'Timeout', (text) => (!/^\s*\d+$/.test(text) && (hasVariable(text) || Number(text) > 0) ? `${JSON.stringify(text)} is no whole number` : undefined)),
  },
  {
    id: 'run-timeout',
    severity: 'warning',
    nucleus: 'both',
    what: 'A Timeout on run.',
    consequence: 'The classic nucleus ends a component that runs longer, as an error, and after three times gives it up. On nucleus lite it bounds how long stopping may take.',
    instead: 'Remove it; run has no limit then.',
    bad: steps('run: {Script: sh run.sh, Timeout: 60}'),
    good: steps('run: {Script: sh run.sh}'),
    check: (recipe) => option(recipe, 'Timeout', (text, step) => (step.name === 'run' ? `ends the component after ${text} seconds` : undefined)),
  },
  {
    id: 'skipif-syntax',
    severity: 'error',
    nucleus: 'classic',
    what: 'A Skipif that is neither "exists <path>" nor "onpath <program>".',
    consequence: 'The step fails.',
    instead: 'Write "onpath python3" or "exists /usr/bin/python3".',
    bad: steps('run: {Script: sh run.sh, Skipif: which python3}'),
    good: steps('run: {Script: sh run.sh, Skipif: onpath python3}'),
    check: (recipe) => option(recipe, 'Skipif', (text) => (skipIfPattern.test(text) ? undefined : `${JSON.stringify(text)} is no condition`)),
  },
  {
    id: 'skipif-lite',
    severity: 'warning',
    nucleus: 'lite',
    what: 'A step with Skipif.',
    consequence: 'Nucleus lite runs the step always.',
    instead: 'Test in the script: command -v python3 || ...',
    bad: steps('run: sh run.sh', 'install: {Script: apt-get install python3, Skipif: onpath python3}'),
    good: steps('run: sh run.sh', 'install: {Script: command -v python3 || apt-get install python3}'),
    check: (recipe) => option(recipe, 'Skipif', (_text, _step, lifecycle) => (forLite(lifecycle, recipe) ? 'is not looked at' : undefined)),
  },
  {
    id: 'requires-privilege',
    severity: 'note',
    nucleus: 'both',
    what: 'A step that runs with privileges.',
    consequence: 'It runs as root on nucleus lite, and as the user of the nucleus on the classic one, which is root in most installations.',
    instead: 'Leave it out where the component user is enough.',
    bad: steps('run: {Script: sh run.sh, RequiresPrivilege: true}'),
    good: steps('run: {Script: sh run.sh}'),
    check: (recipe) => option(recipe, 'RequiresPrivilege', (text) => (text.toLowerCase() === 'true' ? 'runs with privileges' : undefined)),
  },
  {
    id: 'requires-privilege-value',
    severity: 'error',
    nucleus: 'both',
    what: 'RequiresPrivilege is neither true nor false.',
    consequence: 'Nucleus lite refuses the component; the classic one takes it for false.',
    instead: 'Write true or false.',
    bad: steps('run: {Script: sh run.sh, RequiresPrivilege: "yes"}'),
    good: steps('run: {Script: sh run.sh, RequiresPrivilege: false}'),
    check: (recipe) => option(recipe, 'RequiresPrivilege', (text) => (['true', 'false'].includes(text) ? undefined : `expected true or false, got ${JSON.stringify(text)}`)),
  },
  {
    id: 'setenv-name',
    severity: 'error',
    nucleus: 'both',
    what: 'A name in Setenv with other characters than letters, digits and _, or with a digit first.',
    consequence: 'Nucleus lite stops the step; a shell cannot read the variable in any case.',
    instead: 'Rename it.',
    bad: steps('run: {Script: sh run.sh, Setenv: {log-level: debug}}'),
    good: steps('run: {Script: sh run.sh, Setenv: {LOG_LEVEL: debug}}'),
    check: (recipe) => setenv(recipe, ({ key }) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? undefined : `${JSON.stringify(key)} is no name for a variable`)),
  },
  {
    id: 'setenv-value',
    severity: 'error',
    nucleus: 'both',
    what: 'A value in Setenv that is a list, a map or nothing.',
    consequence: 'The variable is not set, and nucleus lite stops the step.',
    instead: 'Write text.',
    bad: steps('run: {Script: sh run.sh, Setenv: {LEVELS: [1, 2]}}'),
    good: steps('run: {Script: sh run.sh, Setenv: {LEVELS: "1 2"}}'),
    check: (recipe) => setenv(recipe, ({ value }) => (value.kind === 'map' || value.kind === 'list' || (value.kind === 'scalar' && value.value === null) ? 'is not text' : undefined)),
  },
  {
    id: 'setenv-number-lite',
    severity: 'error',
    nucleus: 'lite',
    what: 'A number, true or false in Setenv of a JSON recipe.',
    consequence: 'Nucleus lite takes only text, and stops the step. In YAML it reads all of them as text.',
    instead: 'Put it in quotes.',
    bad: '{"Manifests": [{"Platform": {"os": "linux", "runtime": "*"}, "Lifecycle": {"run": {"Script": "sh run.sh", "Setenv": {"PORT": 8080}}}, "Artifacts": []}]}',
    good: '{"Manifests": [{"Platform": {"os": "linux", "runtime": "*"}, "Lifecycle": {"run": {"Script": "sh run.sh", "Setenv": {"PORT": "8080"}}}, "Artifacts": []}]}',
    check: (recipe) => setenv(recipe, ({ value }) => (recipe.format === 'json' && value.kind === 'scalar' && value.value !== null && typeof value.value !== 'string' ? 'is not text' : undefined)),
  },
];

function steps(...lines: readonly string[]): string {
  return `Manifests:\n  - Platform: {os: linux, runtime: "*"}\n    Lifecycle:\n${lines.map((line) => `      ${line}\n`).join('')}    Artifacts: []`;
}

/** Whether nucleus lite can get to see a lifecycle. */
function forLite({ manifest }: LifecycleView, recipe: Recipe): boolean {
  return manifest === undefined ? recipe.manifests.some((one) => entriesOf(one.lifecycle?.value).length === 0 && liteSkips(one, recipe) === undefined) : liteSkips(manifest, recipe) === undefined;
}

function isStructure(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.value.kind !== 'scalar';
}

function hasVariable(text: string): boolean {
  return /\{[^{}]*\}/.test(text);
}

function* eachStep(recipe: Recipe, look: (step: StepView, lifecycle: LifecycleView) => string | undefined): Iterable<Violation> {
  for (const lifecycle of recipe.lifecycles) {
    for (const step of lifecycle.steps) {
      const detail = look(step, lifecycle);
      if (detail !== undefined) yield { at: step.entry, detail };
    }
  }
}

function* option(recipe: Recipe, name: string, look: (text: string, step: StepView, lifecycle: LifecycleView) => string | undefined): Iterable<Violation> {
  for (const lifecycle of recipe.lifecycles) {
    for (const step of lifecycle.steps) {
      const entry = field(step.body, name);
      const text = textOf(entry?.value);
      const detail = text === undefined ? undefined : look(text, step, lifecycle);
      if (entry !== undefined && detail !== undefined) yield { at: entry, detail };
    }
  }
}

function* setenv(recipe: Recipe, look: (entry: Entry) => string | undefined): Iterable<Violation> {
  for (const lifecycle of recipe.lifecycles) {
    for (const entry of [...lifecycle.setenv, ...lifecycle.steps.flatMap((step) => step.setenv)]) {
      const detail = look(entry);
      if (detail !== undefined) yield { at: entry, detail };
    }
  }
}
