// postgres (postgres.js): everything is pipelined and prepared unless one says otherwise.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { feature, large, pooled, refusal, runRounds, withoutSslMode } from './features.mjs';

const seen = [];
const options = {
  ssl: { ca: fs.readFileSync(process.env.SLUICE_CA), checkServerIdentity: () => undefined },
  onnotice: (notice) => seen.push([notice.severity, notice.message]),
};
const url = new URL(withoutSslMode());
// It takes no options from a URI.
const settings = { options: url.searchParams.get('options') };
url.search = '';
const sql = postgres(url.toString(), { ...options, max: 1, idle_timeout: 0, connection: { ...settings, application_name: 'postgres' } });
const one = async (query) => Object.values((await query)[0]);

await sql`drop table if exists copied, kept`;
await sql`create table copied (i int, t text)`;
await sql`create table kept (i int primary key)`;
const heard = [];
if (!pooled) {
  await sql`select set_config('app.tenant', ${'Zoë'}, false)`;
  await sql.listen('news', (payload) => heard.push(payload));
}

feature('simple', 'session pooled', async (number) => {
  const results = await sql.unsafe(`select 1 as a; select ${number} as b`).simple();
  assert.deepEqual(results.map((rows) => [...rows]), [[{ a: 1 }], [{ b: number }]]);
});

feature('settings', 'session', async () => {
  assert.deepEqual(await one(sql`select current_setting('app.tenant') as a, current_setting('application_name') as b`), ['Zoë', 'postgres']);
});

feature('prepared', 'session pooled', async (number) => {
  for (let i = 0; i < 3; i++) assert.deepEqual(await one(sql`select ${i}::int + 1 as n`), [i + 1]);
  assert.deepEqual(await one(sql.unsafe(`select $1::int + ${number} as n`, [1], { prepare: true })), [number + 1]);
  assert.deepEqual(await one(sql.unsafe('select $1::int + 5 as n', [1])), [6]);
  const described = await sql`select ${1}::int as n, ${'x'}::text as t`.describe();
  assert.deepEqual(described.types, [23, 25]);
});

feature('pipelines', 'session pooled', async () => {
  const all = await Promise.all(Array.from({ length: 200 }, (_, i) => one(sql`select ${i}::int as n`)));
  assert.deepEqual(all, Array.from({ length: 200 }, (_, i) => [i]));
});

feature('types', 'session pooled', async () => {
  const when = new Date(Date.UTC(2024, 1, 29, 12, 30, 45, 678));
  assert.deepEqual(
    await one(sql`select ${(2n ** 62n).toString()}::int8 as a, ${'-1.50'}::numeric as b, ${'ë 😀'}::text as c, ${when}::timestamptz as d,
      ${[1, 2, 3]}::int[] as e, ${Buffer.from([0, 255])}::bytea as f, ${sql.json({ a: [1, 'é'] })}::jsonb as g, ${true}::bool as h, ${null}::text as i`),
    [(2n ** 62n).toString(), '-1.50', 'ë 😀', when, [1, 2, 3], Buffer.from([0, 255]), { a: [1, 'é'] }, true, null]);
});

feature('copy-both-ways', 'session pooled', async () => {
  const text = Array.from({ length: 20000 }, (_, i) => `${i}\trow ${i}\n`).join('');
  await sql`truncate copied`;
  await pipeline(Readable.from([text]), await sql`copy copied from stdin`.writable());
  const chunks = [];
  for await (const chunk of await sql`copy (select * from copied order by i) to stdout`.readable()) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), text);
});

feature('large-rows', 'session pooled', async () => {
  assert.deepEqual(await one(sql`select ${large}::text as a, repeat('y', 5000000) as b`), [large, 'y'.repeat(5_000_000)]);
});

feature('cursors', 'session pooled', async () => {
  const sizes = [];
  await sql`select generate_series(1, ${250}::int) as i`.cursor(100, (rows) => void sizes.push(rows.length));
  assert.deepEqual(sizes, [100, 100, 50]);
  let count = 0;
  await sql`select generate_series(1, 1000) as i`.cursor(10, () => (++count === 3 ? sql.CLOSE : undefined));
  assert.equal(count, 3);
  let sum = 0;
  await sql`select generate_series(1, 20000) as i`.forEach((row) => (sum += row.i));
  assert.equal(sum, (20000 * 20001) / 2);
});

feature('transactions', 'session pooled', async () => {
  await sql.begin('isolation level serializable', async (sql) => {
    await sql`delete from kept`;
    await sql`insert into kept values (1)`;
    assert.equal(await refusal(sql.savepoint((sql) => sql`insert into kept values (${1})`)), '23505');
  });
  assert.equal(await refusal(sql.begin(async (sql) => {
    await sql`insert into kept values (2)`;
    await sql`select 1 / ${0}::int`;
  })), '22012');
  assert.deepEqual(await one(sql`select array_agg(i) as a from kept`), [[1]]);
});

feature('errors', 'session pooled', async () => {
  assert.equal(await refusal(sql`selec`), '42601');
  assert.equal(await refusal(sql`select 1 / ${0}::int`), '22012');
  assert.equal(await refusal(sql`select * from nowhere`), '42P01');
  assert.deepEqual(await one(sql`select 1 as n`), [1]);
});

feature('notifications', 'session', async (number) => {
  // Its listener has a connection of its own, which says nothing in between.
  heard.length = 0;
  await sql`select 1`;
  for (let tries = 0; heard.length === 0 && tries < 100; tries++) {
    await sql.notify('news', String(number));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(heard[0], String(number));
});

feature('cancel', 'session pooled', async () => {
  const sleeping = sql`select pg_sleep(60)`;
  setTimeout(() => sleeping.cancel(), 200);
  assert.equal(await refusal(sleeping), '57014');
  assert.deepEqual(await one(sql`select 1 as n`), [1]);
});

feature('notices', 'session pooled', async () => {
  seen.length = 0;
  await sql`do $$ begin raise warning 'seen %', 42; end $$`;
  assert.deepEqual(seen, [['WARNING', 'seen 42']]);
});

feature('pool', 'session pooled', async () => {
  const pool = postgres(url.toString(), { ...options, max: 4, connection: settings });
  const sums = await Promise.all(Array.from({ length: 40 }, (_, i) => pool`select ${i}::int + 1 as n`));
  assert.deepEqual(sums.map(([row]) => row.n), Array.from({ length: 40 }, (_, i) => i + 1));
  const reserved = await pool.reserve();
  assert.deepEqual(Object.values((await reserved`select 1 as n`)[0]), [1]);
  reserved.release();
  await pool.end();
});

await runRounds();
await sql.end();
