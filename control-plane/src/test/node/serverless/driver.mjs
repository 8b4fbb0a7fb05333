// The unmodified @neondatabase/serverless in all its modes, against a running server.
//
//   node driver.mjs MODE URL     (NODE_EXTRA_CA_CERTS: the server's certificate authority)
//
// MODE is how the driver finds the server:
//   default   nothing is configured; the network leads names below db.localhost, port 443, to the server, as a name
//             service and a gateway on port 443 would
//   port      a port of its own, with TLS
//   plain     the same without TLS, from this machine
import assert from 'node:assert/strict';
import dns from 'node:dns';
import tls from 'node:tls';
import ws from 'ws';
import { neon, neonConfig, Client, NeonDbError, Pool } from '@neondatabase/serverless';

const [mode, given] = process.argv.slice(2);
const server = new URL(given);
const port = Number(server.port);

/** Names below localhost lead here everywhere (RFC 6761), but not everywhere does the resolver know. */
const lookup = dns.lookup;
dns.lookup = (host, options, callback) =>
  lookup(/(^|\.)localhost$/.test(host) ? '127.0.0.1' : host, options, callback);

// Node.js before 22 has no WebSocket of its own; the driver's README says to set this.
if (typeof WebSocket === 'undefined') neonConfig.webSocketConstructor = ws;

const url = new URL(given);
if (mode === 'default') {
  const endpoint = /endpoint=([^&]*)/.exec(decodeURIComponent(server.search))[1];
  url.hostname = endpoint + '.db.localhost';
  url.port = '';
  url.search = '';
  const connect = tls.connect;
  tls.connect = (...all) => {
    if (Number(all[0]?.port || 443) === 443) all[0] = { ...all[0], port };
    return connect(...all);
  };
} else if (mode === 'port') {
  // Not the port that the driver gives: with poolQueryViaFetch it gives none.
  neonConfig.fetchEndpoint = (host) => `https://${host}:${port}/sql`;
  neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`;
} else {
  url.searchParams.delete('sslmode');
  neonConfig.fetchEndpoint = (host) => `http://${host}:${port}/sql`;
  neonConfig.wsProxy = (host, port) => `${host}:${port}/any/path`;
  neonConfig.useSecureWebSocket = false;
}
const database = url.toString();
const sql = neon(database);

const tests = [];
const test = (name, run) => tests.push([name, run]);

test('tagged template', async () => {
  const name = "it's";
  const rows = await sql`select ${1}::int as n, ${name} as s, ${null}::text as x, ${true}::bool as b, ${12n}::int8 as i`;
  assert.deepEqual(rows, [{ n: 1, s: "it's", x: null, b: true, i: '12' }]);
  const part = sql`where i > ${2}`;
  assert.deepEqual(await sql`select i from generate_series(1, 4) i ${part}`, [{ i: 3 }, { i: 4 }]);
  assert.deepEqual(await sql`select ${sql.unsafe('40 + 2')} as a`, [{ a: 42 }]);
});

test('parameters as the driver prepares them', async () => {
  const when = new Date(Date.UTC(2024, 1, 29, 12, 30, 45, 678));
  const [row] = await sql`select ${[1, 2, 3]}::int[] as a, ${['x,y', null, 'q"\\']}::text[] as t, ${{ k: [1, 'é'] }}::jsonb as j,
      ${when}::timestamptz as d, ${Buffer.from('AB')}::bytea as y, ${'😀'} as e`;
  assert.deepEqual(row.a, [1, 2, 3]);
  assert.deepEqual(row.t, ['x,y', null, 'q"\\']);
  assert.deepEqual(row.j, { k: [1, 'é'] });
  assert.equal(row.d.getTime(), when.getTime());
  assert.equal(Buffer.from(row.y).toString(), 'AB');
  assert.equal(row.e, '😀');
});

test('query, arrayMode, fullResults', async () => {
  assert.deepEqual(await sql.query('select $1::int + 1 as n', [1]), [{ n: 2 }]);
  assert.deepEqual(await sql.query('select 1 as a, 2 as a', [], { arrayMode: true }), [[1, 2]]);
  const full = await sql.query('select 1 as a', [], { fullResults: true });
  assert.equal(full.command, 'SELECT');
  assert.equal(full.rowCount, 1);
  assert.equal(full.rowAsArray, false);
  assert.deepEqual(full.rows, [{ a: 1 }]);
  assert.equal(full.fields[0].name, 'a');
  assert.equal(full.fields[0].dataTypeID, 23);
  const both = await neon(database, { arrayMode: true, fullResults: true })`select 'x' as s`;
  assert.deepEqual(both.rows, [['x']]);
  assert.equal(both.rowAsArray, true);
  const none = await sql.query('create temp table t (i int)', [], { fullResults: true });
  assert.deepEqual([none.command, none.rowCount, none.fields, none.rows], ['CREATE', null, [], []]);
});

test('transaction', async () => {
  await sql`create table if not exists counted (n int)`;
  for (const isolationLevel of ['ReadUncommitted', 'ReadCommitted', 'RepeatableRead', 'Serializable']) {
    const [[level], [mode]] = await sql.transaction(
      [sql`select current_setting('transaction_isolation') as l`, sql`select current_setting('transaction_read_only') as r`],
      { isolationLevel, readOnly: isolationLevel === 'Serializable', deferrable: isolationLevel === 'Serializable' });
    assert.equal(level.l.replaceAll(' ', ''), isolationLevel.toLowerCase());
    assert.equal(mode.r, isolationLevel === 'Serializable' ? 'on' : 'off');
  }
  const results = await sql.transaction((tx) => [tx`insert into counted values (1), (2)`, tx`select sum(n)::int as s from counted`],
    { fullResults: true });
  assert.equal(results[0].rowCount, 2);
  assert.equal(results[1].rows[0].s, 3);
  await assert.rejects(sql.transaction([sql`insert into counted values (100)`, sql`select 1 / 0`]), (e) => e.code === '22012');
  assert.deepEqual(await sql`select sum(n)::int as s from counted`, [{ s: 3 }]);
  assert.deepEqual(await sql.transaction([]), []);
  await sql`drop table counted`;
});

test('errors', async () => {
  const error = await sql`select * from nowhere`.catch((e) => e);
  assert(error instanceof NeonDbError);
  assert.deepEqual([error.message, error.code, error.severity, error.position, error.routine],
    ['relation "nowhere" does not exist', '42P01', 'ERROR', '15', 'parserOpenTable']);
  await sql`create table if not exists strict (id int primary key, v text not null check (v <> 'bad'))`;
  await sql`insert into strict values (1, 'x') on conflict do nothing`;
  const unique = await sql`insert into strict values (1, 'y')`.catch((e) => e);
  assert.deepEqual([unique.code, unique.table, unique.constraint, unique.schema, unique.detail],
    ['23505', 'strict', 'strict_pkey', 'public', 'Key (id)=(1) already exists.']);
  const missing = await sql`insert into strict values (2, null)`.catch((e) => e);
  assert.deepEqual([missing.code, missing.column], ['23502', 'v']);
  await sql`drop table strict`;
  const wrong = new URL(database);
  wrong.password = 'wrong';
  const refused = await neon(wrong.toString())`select 1`.catch((e) => e);
  assert.equal(refused.code, '28P01');
  assert.match(refused.message, /password authentication failed for user/);
});

test('a request that is given up', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  await assert.rejects(sql.query("select 'given up', pg_sleep(60)", [], { fetchOptions: { signal: controller.signal } }));
  for (let tries = 0; ; tries++) {
    const rows = await sql`select 1 from pg_stat_activity where query like 'select ''given up''%' and state = 'active'`;
    if (rows.length === 0) break;
    assert(tries < 100, 'it still runs');
    await new Promise((go) => setTimeout(go, 100));
  }
});

const TYPES = [
  "select 1::int2 a, 2::int4 b, 3::int8 c, 1.50::numeric d, 0.1::float4 e, 1e300::float8 f, 'NaN'::float8 g, true h",
  "select 'x'::text a, 'y'::varchar(5) b, 'z'::char(3) c, 'n'::name d, ''::text e, null::int f, '\\x00ff'::bytea g",
  "select '2024-02-29'::date a, '12:34:56.789'::time b, '2024-02-29 12:34:56.789+02'::timestamptz c, '1 day 02:03'::interval d",
  "select '{\"a\": [1, null]}'::json a, '{\"b\": \"é\"}'::jsonb b, array[1,2,null] c, array['a,b', 'c\"d'] d, array[[1],[2]] e",
  "select 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid a, '10.0.0.0/8'::cidr b, '(1,2)'::point c, int4range(1, 5) d, 5::oid e",
  "select array[true] a, array[1.5::float8] b, array['2024-01-01'::date] c, array['{}'::jsonb] d, '{}'::int[] e, 'a b'::tsvector f",
  'select oid, relname, relkind, relacl from pg_class where oid = 1259',
  'select 1 as same, 2 as same',
  'select 1 where false',
  'show server_version_num',
];

test('HTTP and WebSocket answer alike', async () => {
  const pool = new Pool({ connectionString: database });
  try {
    for (const text of TYPES) {
      const a = await sql.query(text, [], { fullResults: true });
      const b = await pool.query(text);
      assert.deepEqual(a.rows, b.rows, text);
      assert.deepEqual(a.fields.map(({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format }) =>
        ({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format })),
      b.fields.map(({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format }) =>
        ({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier, format })), text);
      assert.deepEqual([a.command, a.rowCount], [b.command, b.rowCount], text);
    }
  } finally {
    await pool.end();
  }
});

const overWebSocket = async () => {
  const client = new Client(database);
  await client.connect();
  try {
    assert.deepEqual((await client.query('select $1::int as n', [7])).rows, [{ n: 7 }]);
    await client.query('begin');
    await client.query('create temp table t (i int) on commit drop');
    assert.equal((await client.query('insert into t select generate_series(1, 1000)')).rowCount, 1000);
    await client.query('rollback');
    await assert.rejects(client.query('select * from t'), (e) => e.code === '42P01');
    const heard = new Promise((tell) => client.on('notification', tell));
    await client.query('listen channel');
    await sql`select pg_notify('channel', 'hello')`;
    assert.equal((await heard).payload, 'hello');
    const big = await client.query("select repeat('x', 100000) as x from generate_series(1, 100)");
    assert.equal(big.rows.reduce((all, row) => all + row.x.length, 0), 10_000_000);
  } finally {
    await client.end();
  }
};

test('Client, password pipelined', async () => {
  neonConfig.pipelineConnect = 'password';
  await overWebSocket();
});

test('Client, nothing pipelined', async () => {
  neonConfig.pipelineConnect = false;
  try {
    await overWebSocket();
  } finally {
    neonConfig.pipelineConnect = 'password';
  }
});

test('Client, writes one by one', async () => {
  neonConfig.coalesceWrites = false;
  try {
    await overWebSocket();
  } finally {
    neonConfig.coalesceWrites = true;
  }
});

test('Pool', async () => {
  const pool = new Pool({ connectionString: database, max: 4 });
  const sums = await Promise.all(Array.from({ length: 40 }, (_, i) => pool.query('select $1::int as i', [i])));
  assert.equal(sums.reduce((all, r) => all + r.rows[0].i, 0), 780);
  const client = await pool.connect();
  try {
    await client.query('begin isolation level serializable');
    assert.equal((await client.query('show transaction_isolation')).rows[0].transaction_isolation, 'serializable');
    await client.query('commit');
  } finally {
    client.release();
  }
  await new Promise((done, fail) =>
    pool.query('select 1 as one', (error, result) => (error ? fail(error) : done(assert.equal(result.rows[0].one, 1)))));
  await pool.end();
});

test('Pool, queries by fetch', async () => {
  neonConfig.poolQueryViaFetch = true;
  const pool = new Pool({ connectionString: database });
  try {
    assert.deepEqual((await pool.query('select $1::int as n', [3])).rows, [{ n: 3 }]);
    assert.equal(pool.totalCount, 0);
  } finally {
    neonConfig.poolQueryViaFetch = false;
    await pool.end();
  }
});

test('a wrong password over the WebSocket', async () => {
  const wrong = new URL(database);
  wrong.password = 'wrong';
  for (const pipelined of ['password', false]) {
    neonConfig.pipelineConnect = pipelined;
    const client = new Client(wrong.toString());
    client.on('error', () => {});
    // Pipelined, the driver calls itself connected before it has heard from the server.
    await assert.rejects(client.connect().then(() => client.query('select 1')), (e) => e.code === '28P01');
  }
  neonConfig.pipelineConnect = 'password';
});

test('many at once', async () => {
  const rows = await Promise.all(Array.from({ length: 100 }, (_, i) => sql`select ${i}::int as i`));
  assert.equal(rows.reduce((all, [row]) => all + row.i, 0), 4950);
});

test('a result of 30 MB', async () => {
  const rows = await sql`select repeat('y', 1000) as y from generate_series(1, 30000)`;
  assert.equal(rows.length, 30000);
});

let failed = 0;
for (const [name, run] of tests) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}: ${error.stack ?? error}${error.cause ? '\n' + error.cause.stack : ''}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
