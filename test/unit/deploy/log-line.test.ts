import { expect, test } from 'vitest';
import { readableLogLine } from '../../../scripts/deploy/log-line.ts';

test.each([
  [
    '2026-11-25T18:33:21.812Z [WARN] (Copier) dev.fescue.EdgeAgent: stderr. agent: The agent cannot serve on /tmp/agent.sock.. {scriptName=services.dev.fescue.EdgeAgent.lifecycle.run.Script, serviceName=dev.fescue.EdgeAgent, currentState=RUNNING}',
    '2026-11-25T18:33:21.812Z WARN stderr. agent: The agent cannot serve on /tmp/agent.sock.',
  ],
  ['{"thread":"Copier","level":"INFO","eventType":"stdout","message":"ready","contexts":{"currentState":"RUNNING"},"loggerName":"com.example.A","timestamp":1795631601812,"cause":null}', '2026-11-25T18:33:21.812Z INFO stdout ready'],
  ['{"level":"ERROR","message":"failed","timestamp":1795631601812,"cause":{"localizedMessage":"x","message":"no room"}}', '2026-11-25T18:33:21.812Z ERROR failed (no room)'],
  ['2026-11-25T18:33:21.946Z [INFO] (Copier) dev.fescue.EdgeAgent: Run script exited. {exitCode=1, serviceName=dev.fescue.EdgeAgent, currentState=RUNNING}', '2026-11-25T18:33:21.946Z [INFO] (Copier) dev.fescue.EdgeAgent: Run script exited. {exitCode=1, serviceName=dev.fescue.EdgeAgent, currentState=RUNNING}'],
  ['2026-11-25T18:33:21.946Z INFO  [stdout] ready', '2026-11-25T18:33:21.946Z INFO  [stdout] ready'],
  ['{"timestamp": "soon"}', '{"timestamp": "soon"}'],
  ['{ not json', '{ not json'],
  ['  at main (x.js:1)', '  at main (x.js:1)'],
])('%s', (line, readable) => {
  expect(readableLogLine(line)).toBe(readable);
});
