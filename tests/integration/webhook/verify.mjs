/* Verifies a webhook as its receiver would: v1 by the library of Standard Webhooks, v1a by Node's own ed25519. Reads
 * {headers, body, secrets, key} from the standard input; prints {v1: [by which secrets], v1a}. */
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const { headers, body, secrets, key } = JSON.parse(readFileSync(0, 'utf8'));

function isBySecret(secret) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

function isByKey() {
  const raw = Buffer.from(key.replace(/^whpk_/, ''), 'base64');
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const signature = headers['webhook-signature'].split(' ').find((s) => s.startsWith('v1a,'));

  return signature !== undefined &&
    verify(null, Buffer.from(text), publicKey, Buffer.from(signature.slice(4), 'base64'));
}

console.log(JSON.stringify({ v1: secrets.map(isBySecret), v1a: isByKey() }));
