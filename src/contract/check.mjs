// Fails when Spectral (oas ruleset) or Redocly (recommended) finds an error or a warning in openapi.yaml.
import { spawnSync } from 'node:child_process';

const contract = '../../openapi.yaml';
const environment = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

function run(tool, ...options) {
  const result = spawnSync(`node_modules/.bin/${tool}`, ['lint', contract, ...options], { encoding: 'utf8', env: environment });
  if (result.error) throw result.error;
  return result;
}

const spectral = run('spectral', '--ruleset', 'spectral.yaml', '--fail-severity', 'hint');
process.stdout.write(spectral.stdout);
process.stderr.write(spectral.stderr);

const redocly = run('redocly', '--config', 'redocly.yaml', '--format', 'json', '--max-problems', '1000');
const { problems } = JSON.parse(redocly.stdout);
// A WebSocket handshake succeeds with 101. The rule accepts only 2xx.
const socket = '#/paths/~1api~1notifications~1socket/get/responses';
const found = problems.filter(({ ruleId, location }) => !(ruleId === 'operation-2xx-response' && location[0].pointer.startsWith(socket)));
for (const { severity, ruleId, message, location } of found) {
  console.log(`${severity} ${ruleId} at ${location[0].pointer}: ${message}`);
}
console.log(`redocly: ${found.length} problems`);
process.exitCode = spectral.status !== 0 || found.length > 0 ? 1 : 0;
