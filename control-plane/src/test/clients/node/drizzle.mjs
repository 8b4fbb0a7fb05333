// Drizzle on node-postgres and on postgres.js: migrations, queries that it builds, relations, nested transactions.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eq, relations, sql } from 'drizzle-orm';
import { drizzle as onNodePostgres } from 'drizzle-orm/node-postgres';
import { migrate as migrateNodePostgres } from 'drizzle-orm/node-postgres/migrator';
import { integer, jsonb, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import { drizzle as onPostgresJs } from 'drizzle-orm/postgres-js';
import { migrate as migratePostgresJs } from 'drizzle-orm/postgres-js/migrator';
import pg from 'pg';
import postgres from 'postgres';
import { feature, large, refusal, runRounds, withoutSslMode } from './features.mjs';

const authors = pgTable('authors', { id: serial().primaryKey(), name: text().notNull().unique(), about: jsonb() });
const books = pgTable('books', {
  id: serial().primaryKey(),
  author: integer().notNull().references(() => authors.id),
  title: text().notNull(),
  added: timestamp({ withTimezone: true }).defaultNow(),
});
const schema = {
  authors,
  books,
  authorsBooks: relations(authors, ({ many }) => ({ books: many(books) })),
  booksAuthor: relations(books, ({ one }) => ({ writer: one(authors, { fields: [books.author], references: [authors.id] }) })),
};

const migrations = fs.mkdtempSync(path.join(os.tmpdir(), 'drizzle-'));
fs.mkdirSync(path.join(migrations, 'meta'));
fs.writeFileSync(path.join(migrations, 'meta/_journal.json'), JSON.stringify({
  version: '7',
  dialect: 'postgresql',
  entries: [{ idx: 0, version: '7', when: 1700000000000, tag: '0000_first', breakpoints: true }],
}));
fs.writeFileSync(path.join(migrations, '0000_first.sql'), [
  'create table authors (id serial primary key, name text not null unique, about jsonb)',
  'create table books (id serial primary key, author int not null references authors, title text not null, added timestamptz default now())',
].join(';\n--> statement-breakpoint\n'));

const ssl = { ca: fs.readFileSync(process.env.SLUICE_CA), checkServerIdentity: () => undefined };
const pool = new pg.Pool({ connectionString: withoutSslMode(), ssl, max: 2, idleTimeoutMillis: 0 });
const url = new URL(withoutSslMode());
const client = postgres(url.origin === 'null' ? url.toString().replace(url.search, '') : url.toString(), {
  ssl, max: 2, onnotice: () => {}, connection: { options: url.searchParams.get('options') },
});
await client`drop table if exists books, authors`;
await client`drop schema if exists drizzle cascade`;

for (const [on, db, migrate] of [
  ['pg', onNodePostgres(pool, { schema }), migrateNodePostgres],
  ['postgres', onPostgresJs(client, { schema }), migratePostgresJs],
]) {
  feature(on + '-migrations', 'session pooled', () => migrate(db, { migrationsFolder: migrations }));

  feature(on + '-queries', 'session pooled', async (number) => {
    await db.delete(books);
    await db.delete(authors);
    const [author] = await db.insert(authors).values({ name: "Zoë's", about: { tags: ['é', number] } }).returning();
    await db.insert(books).values([{ author: author.id, title: 'one' }, { author: author.id, title: 'two' }]);
    await db.update(books).set({ title: sql`upper(${books.title})` }).where(eq(books.title, 'one'));
    const found = await db.query.authors.findMany({ with: { books: { orderBy: books.id } } });
    assert.deepEqual(found[0].about, { tags: ['é', number] });
    assert.deepEqual(found[0].books.map((book) => book.title), ['ONE', 'two']);
    const joined = await db.select({ name: authors.name, count: sql`count(*)::int` }).from(books)
      .innerJoin(authors, eq(books.author, authors.id)).groupBy(authors.name);
    assert.deepEqual(joined, [{ name: "Zoë's", count: 2 }]);
    assert.equal(await refusal(db.insert(authors).values({ name: "Zoë's" })), '23505');
    await db.insert(authors).values({ name: "Zoë's" }).onConflictDoNothing();
  });

  const byTitle = db.select({ title: books.title }).from(books).where(eq(books.title, sql.placeholder('title'))).prepare('by_title_' + on);
  feature(on + '-prepared', 'session pooled', async () => {
    for (let i = 0; i < 3; i++) assert.deepEqual(await byTitle.execute({ title: 'two' }), [{ title: 'two' }]);
  });

  feature(on + '-transactions', 'session pooled', async () => {
    await db.transaction(async (tx) => {
      const [author] = await tx.select().from(authors);
      await tx.insert(books).values({ author: author.id, title: 'three' });
      const inner = tx.transaction(async (inner) => {
        await inner.insert(books).values({ author: author.id, title: 'four' });
        await inner.insert(books).values({ author: -1, title: 'five' });
      });
      assert.equal(await refusal(inner), '23503');
    }, { isolationLevel: 'repeatable read' });
    assert.deepEqual((await db.select().from(books)).map((book) => book.title).sort(), ['ONE', 'three', 'two']);
  });

  feature(on + '-large-rows', 'session pooled', async () => {
    await db.update(authors).set({ name: large.slice(0, 500), about: { text: large } });
    assert.equal((await db.select().from(authors))[0].about.text, large);
  });
}

await runRounds();
await pool.end();
await client.end();
fs.rmSync(migrations, { recursive: true });
