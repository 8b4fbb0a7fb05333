// The unmodified @neondatabase/serverless with a token in place of a password.
//
//   node token.mjs keys FOLDER        makes a key pair there: key.pem, and jwks.json as a provider publishes it
//   node token.mjs query FOLDER URL OTHER   asks who it is, by tokens that are good and by some that are not, OTHER's among them
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { neon, neonConfig } from '@neondatabase/serverless';

const [command, folder, given, otherRole] = process.argv.slice(2);
const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

if (command === 'keys') {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  fs.writeFileSync(path.join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' };
  fs.writeFileSync(path.join(folder, 'jwks.json'), JSON.stringify({ keys: [jwk] }));
  process.exit(0);
}

const key = crypto.createPrivateKey(fs.readFileSync(path.join(folder, 'key.pem')));
const now = Math.floor(Date.now() / 1000);
function sign(claims, header = {}) {
  const text = base64({ alg: 'ES256', kid: 'k1', ...header })
    + '.' + base64({ iss: 'https://auth.example.com', aud: 'app', exp: now + 60, ...claims });
  return text + '.' + crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

const server = new URL(given);
neonConfig.fetchEndpoint = (host) => `https://${host}:${server.port}/sql`;
const who = "select current_user as role, current_setting('request.jwt.claims')::json ->> 'sub' as sub";

const sql = neon(given, { authToken: sign({ sub: 'user-1' }) });
assert.deepEqual(await sql.query(who), [{ role: 'authenticated', sub: 'user-1' }]);
const later = neon(given, { authToken: async () => sign({ sub: 'user-2' }) });
const [first, second] = await later.transaction([later.query('select 1 as one'), later.query(who)]);
assert.deepEqual(first, [{ one: 1 }]);
assert.deepEqual(second, [{ role: 'authenticated', sub: 'user-2' }]);

for (const [name, token] of Object.entries({
  expired: sign({ exp: now - 60 }),
  audience: sign({ aud: 'other' }),
  issuer: sign({ iss: 'https://example.org' }),
  key: sign({}, { kid: 'k2' }),
  algorithm: sign({}, { alg: 'none' }).replace(/[^.]*$/, ''),
})) {
  await assert.rejects(
    neon(given, { authToken: token }).query(who),
    (error) => error.code === '28P01' && /token authentication failed/.test(error.message),
    name,
  );
}
const other = new URL(given);
other.username = otherRole;
await assert.rejects(neon(other.toString(), { authToken: sign({}) }).query(who), /token authentication failed/);
console.log('tokens work');
