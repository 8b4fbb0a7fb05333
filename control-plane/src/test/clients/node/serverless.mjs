// @neondatabase/serverless over a suspend: connections in WebSockets, which stay, and SQL over HTTP.
// ../../node/serverless has all of its modes.
import assert from 'node:assert/strict';
import { Client, neon, neonConfig, Pool } from '@neondatabase/serverless';
import ws from 'ws';
import { feature, large, pooled, refusal, runRounds, uri, withoutSslMode } from './features.mjs';

const port = Number(new URL(uri).port);
if (typeof WebSocket === 'undefined') neonConfig.webSocketConstructor = ws;
neonConfig.fetchEndpoint = (host) => `https://${host}:${port}/sql`;
neonConfig.wsProxy = (host) => `${host}:${port}/v2`;
const connectionString = withoutSslMode();
const sql = neon(connectionString);
const client = new Client(connectionString);
await client.connect();
await client.query('drop table if exists kept; create table kept (i int primary key)');
const heard = [];
if (!pooled) {
  await client.query("set app.tenant = 'Zoë'");
  client.on('notification', (message) => heard.push(message.payload));
  await client.query('listen news');
}
const one = async (...query) => Object.values((await client.query(...query)).rows[0]);

feature('http', 'session pooled', async (number) => {
  assert.deepEqual(await sql`select ${number}::int + 1 as n`, [{ n: number + 1 }]);
  const [first, second] = await sql.transaction([sql`select 1 as n`, sql`select ${'ë'}::text as t`]);
  assert.deepEqual([first, second], [[{ n: 1 }], [{ t: 'ë' }]]);
  assert.equal(await refusal(sql`select 1 / ${0}::int`), '22012');
});

feature('simple', 'session pooled', async (number) => {
  const results = await client.query(`select 1 as a; select ${number} as b`);
  assert.deepEqual(results.map((result) => result.rows), [[{ a: 1 }], [{ b: number }]]);
});

feature('settings', 'session', async () => {
  assert.deepEqual(await one("select current_setting('app.tenant') as a"), ['Zoë']);
});

feature('extended', 'session pooled', async (number) => {
  assert.deepEqual(await one('select $1::int + 1 as a, $2::jsonb as b', [number, { a: [1, 'é'] }]), [number + 1, { a: [1, 'é'] }]);
});

feature('prepared', 'session pooled', async (number) => {
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await one({ name: 'next one', text: 'select $1::int + 1 as n', values: [number + i] }), [number + i + 1]);
  }
});

feature('large-rows', 'session pooled', async () => {
  assert.deepEqual(await one("select $1::text as a, repeat('y', 5000000) as b", [large]), [large, 'y'.repeat(5_000_000)]);
});

feature('transactions', 'session pooled', async () => {
  await client.query('begin isolation level serializable');
  await client.query('delete from kept');
  await client.query('insert into kept values (1)');
  await client.query('savepoint before');
  assert.equal(await refusal(client.query('insert into kept values ($1)', [1])), '23505');
  await client.query('rollback to before');
  await client.query('commit');
  assert.deepEqual(await one('select array_agg(i) as a from kept'), [[1]]);
});

feature('notifications', 'session', async (number) => {
  heard.length = 0;
  await client.query("select pg_notify('news', $1)", [String(number)]);
  await client.query('select 1');
  assert.deepEqual(heard, [String(number)]);
});

feature('pool', 'session pooled', async () => {
  const pool = new Pool({ connectionString, max: 3 });
  const sums = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query('select $1::int + 1 as n', [i])));
  assert.deepEqual(sums.map((result) => result.rows[0].n), Array.from({ length: 20 }, (_, i) => i + 1));
  await pool.end();
});

await runRounds();
await client.end();
