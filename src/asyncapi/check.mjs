// Fails when the parser of the AsyncAPI initiative finds an error or a warning in docs/asyncapi.yaml. Examples are held against their
// schemas too. Whether there is a newer AsyncAPI is information, and no more.
import { Parser, fromFile } from '@asyncapi/parser';
import { fileURLToPath } from 'node:url';

const SEVERITIES = ['error', 'warning', 'info', 'hint'];
const file = fileURLToPath(new URL('../../docs/asyncapi.yaml', import.meta.url));
const { document, diagnostics } = await fromFile(new Parser(), file).parse();
for (const { severity, path, message } of diagnostics) {
  console.log(`${SEVERITIES[severity]} at ${path.join('/')}: ${message}`);
}
if (!document || diagnostics.some(({ severity }) => severity < 2)) {
  process.exit(1);
}
console.log(`docs/asyncapi.yaml: ${document.channels().length} channels, ${document.operations().length} operations, no errors`);
