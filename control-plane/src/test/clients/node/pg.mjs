// node-postgres with pg-cursor, pg-query-stream and pg-copy-streams.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import copy from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { feature, large, pooled, refusal, runRounds, uri, withoutSslMode } from './features.mjs';

const ssl = { ca: fs.readFileSync(process.env.SLUICE_CA), checkServerIdentity: () => undefined };
const connectionString = withoutSslMode();

async function connect(more = {}) {
  const client = new pg.Client({ connectionString, ssl, ...more });
  await client.connect();
  return client;
}

const client = await connect({ application_name: 'pg' });
await client.query('drop table if exists copied, kept; create table copied (i int, t text); create table kept (i int primary key)');
const heard = [];
if (!pooled) {
  await client.query("set app.tenant = 'Zoë'");
  await client.query("set time zone 'Asia/Kathmandu'");
  client.on('notification', (message) => heard.push(message.payload));
  await client.query('listen news');
}
const one = async (...query) => Object.values((await client.query(...query)).rows[0]);

feature('simple', 'session pooled idle', async (number) => {
  const results = await client.query(`select 1 as a; select ${number} as b`);
  assert.deepEqual(results.map((result) => result.rows), [[{ a: 1 }], [{ b: number }]]);
});

feature('settings', 'session idle', async () => {
  assert.deepEqual(await one("select current_setting('app.tenant') as a, current_setting('timezone') as b, current_setting('application_name') as c"),
    ['Zoë', 'Asia/Kathmandu', 'pg']);
});

feature('extended', 'session pooled', async (number) => {
  assert.deepEqual(await one('select $1::int + 1 as a, $2::text as b, $3::text as c', [number, "it's", null]), [number + 1, "it's", null]);
});

feature('prepared', 'session pooled idle', async (number) => {
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(await one({ name: 'next one', text: 'select $1::int + 1 as n', values: [number + i] }), [number + i + 1]);
  }
  assert.deepEqual(await one({ name: 'new one ' + number, text: 'select $1::int + 2 as n', values: [1] }), [3]);
});

feature('pipelines', 'session pooled', async () => {
  const other = await connect({ pipeline: true });
  const all = Array.from({ length: 200 }, (_, i) => other.query({ name: i % 2 ? 'odd' : '', text: 'select $1::int as n', values: [i] }));
  const failed = refusal(other.query('select 1 / $1::int', [0]));
  const last = other.query('select 7 as n');
  assert.deepEqual((await Promise.all(all)).map((result) => result.rows[0].n), Array.from({ length: 200 }, (_, i) => i));
  assert.equal(await failed, '22012');
  assert.equal((await last).rows[0].n, 7);
  await other.end();
});

feature('types', 'session pooled', async () => {
  const when = new Date(Date.UTC(2024, 1, 29, 12, 30, 45, 678));
  const row = await one(
    'select $1::int8 as a, $2::numeric as b, $3::text as c, $4::timestamptz as d, $5::int[] as e, $6::bytea as f, $7::jsonb as g, $8::bool as h',
    [2n ** 62n, '-1.50', 'ë 😀', when, [1, null, 3], Buffer.from([0, 255]), { a: [1, 'é'] }, true]);
  assert.deepEqual(row, [(2n ** 62n).toString(), '-1.50', 'ë 😀', when, [1, null, 3], Buffer.from([0, 255]), { a: [1, 'é'] }, true]);
  const binary = await client.query({ text: "select $1::int4 as a, $2::text as b, true as c", values: [7, 'ë'], binary: true });
  assert.deepEqual(binary.rows[0], { a: 7, b: 'ë', c: true });
});

feature('copy-both-ways', 'session pooled', async () => {
  const text = Array.from({ length: 20000 }, (_, i) => `${i}\trow ${i}\n`).join('');
  await client.query('truncate copied');
  await pipeline(Readable.from([text]), client.query(copy.from('copy copied from stdin')));
  const chunks = [];
  for await (const chunk of client.query(copy.to('copy (select * from copied order by i) to stdout'))) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), text);
  const short = pipeline(Readable.from(['1\tgood\n2\n']), client.query(copy.from('copy copied from stdin')));
  assert.equal(await refusal(short), '22P04');
  assert.deepEqual(await one('select count(*)::int as n from copied'), [20000]);
});

feature('large-rows', 'session pooled', async () => {
  assert.deepEqual(await one("select $1::text as a, repeat('y', 5000000) as b", [large]), [large, 'y'.repeat(5_000_000)]);
});

feature('cursors', 'session pooled', async () => {
  await client.query('begin');
  const cursor = client.query(new Cursor('select generate_series(1, $1::int) as i', [250]));
  const sizes = [];
  for (let rows = await cursor.read(100); rows.length; rows = await cursor.read(100)) sizes.push(rows.length);
  await cursor.close();
  assert.deepEqual(sizes, [100, 100, 50]);
  const half = client.query(new Cursor('select generate_series(1, 1000) as i'));
  assert.equal((await half.read(10)).length, 10);
  await half.close();
  await client.query('commit');
  let sum = 0;
  for await (const row of client.query(new QueryStream('select generate_series(1, 20000) as i', [], { batchSize: 500 }))) sum += row.i;
  assert.equal(sum, (20000 * 20001) / 2);
});

feature('transactions', 'session pooled idle', async () => {
  await client.query('begin isolation level serializable');
  await client.query('delete from kept');
  await client.query('insert into kept values (1)');
  await client.query('savepoint before');
  assert.equal(await refusal(client.query('insert into kept values ($1)', [1])), '23505');
  assert.equal(await refusal(client.query('select 1')), '25P02');
  await client.query('rollback to before');
  await client.query('commit');
  await client.query('begin');
  await client.query('insert into kept values (2)');
  await client.query('rollback');
  assert.deepEqual(await one('select array_agg(i) as a from kept'), [[1]]);
});

feature('errors', 'session pooled', async () => {
  assert.equal(await refusal(client.query('selec')), '42601');
  assert.equal(await refusal(client.query('select 1 / $1::int', [0])), '22012');
  assert.equal(await refusal(client.query('select * from nowhere')), '42P01');
  assert.deepEqual(await one('select 1 as n'), [1]);
});

feature('notifications', 'session idle', async (number) => {
  heard.length = 0;
  await client.query("select pg_notify('news', $1)", [String(number)]);
  await client.query('select 1');
  assert.deepEqual(heard, [String(number)]);
});

feature('cancel', 'session pooled', async () => {
  // As the driver cancels by itself: a connection of its own with the key of the first.
  const other = await connect();
  const sleeping = refusal(other.query('select pg_sleep(60)'));
  const query = other._activeQuery;
  setTimeout(() => new pg.Client({ connectionString, ssl }).cancel(other, query), 200);
  assert.equal(await sleeping, '57014');
  assert.equal((await other.query('select 1 as n')).rows[0].n, 1);
  await other.end();
});

feature('notices', 'session pooled', async () => {
  const seen = [];
  const see = (notice) => seen.push([notice.severity, notice.message]);
  client.on('notice', see);
  await client.query("do $$ begin raise warning 'seen %', 42; end $$");
  client.off('notice', see);
  assert.deepEqual(seen, [['WARNING', 'seen 42']]);
});

feature('pool', 'session pooled', async () => {
  const pool = new pg.Pool({ connectionString, ssl, max: 4 });
  const sums = await Promise.all(Array.from({ length: 40 }, (_, i) => pool.query('select $1::int + 1 as n', [i])));
  assert.deepEqual(sums.map((result) => result.rows[0].n), Array.from({ length: 40 }, (_, i) => i + 1));
  await pool.end();
});

feature('channel-binding', 'session pooled', async () => {
  const other = await connect({ enableChannelBinding: true });
  assert.equal((await other.query('select 1 as n')).rows[0].n, 1);
  await other.end();
});

feature('direct-tls', 'session pooled', async () => {
  const other = await connect({ sslnegotiation: 'direct', enableChannelBinding: true });
  assert.equal(other.connection.stream.alpnProtocol, 'postgresql');
  assert.equal((await other.query('select 1 as n')).rows[0].n, 1);
  await other.end();
});

await runRounds();
await client.end();
