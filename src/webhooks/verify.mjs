// Reads one message from standard input, {"secret", "headers", "body"}, and verifies it with each library. Ends with 1 when one refuses it, or
// when one accepts it after a byte was changed.
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

const parts = [];
for await (const part of process.stdin) parts.push(part);
const { secret, headers, body } = JSON.parse(Buffer.concat(parts).toString('utf8'));

for (const [name, Library] of [['standardwebhooks', Standard], ['svix', Svix]]) {
  new Library(secret).verify(body, headers);
  let refused = false;
  try {
    new Library(secret).verify(body.replace('generation', 'degeneration'), headers);
  } catch {
    refused = true;
  }
  if (!refused) throw new Error(`${name} accepted what was changed`);
  console.log(`${name} verified ${headers['webhook-id']}`);
}
