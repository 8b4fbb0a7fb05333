// What the scripts of Node.js's drivers share.
//
//   node SCRIPT.mjs URI MODE
//
// MODE is session, pooled or idle: which of the features are run. For each line that it is given the script runs them all,
// in order, says "ok NAME" after each and "idle" after the last. In between the test may suspend the compute. It ends with
// its input.
import assert from 'node:assert/strict';
import readline from 'node:readline';

export const [uri, mode] = process.argv.slice(2);
export const pooled = mode === 'pooled';
const features = [];

/** Makes run(number of the round, 0 at first) a feature, which is run in these modes. */
export function feature(name, modes, run) {
  if (modes.split(' ').includes(mode)) features.push([name, run]);
}

export async function runRounds() {
  let number = 0;
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    for (const [name, run] of features) {
      await run(number);
      console.log('ok ' + name);
    }
    console.log('idle');
    number++;
  }
}

/** What it was refused with: an SQLSTATE. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return (error.cause?.code ?? error.code) || assert.fail(error);
  }
  assert.fail('it was not refused');
}

export const large = 'ë€x'.repeat(1_000_000);

/** The same URI for a driver that is given its own ideas of TLS: who the server is, is checked. */
export function withoutSslMode() {
  const url = new URL(uri);
  url.searchParams.delete('sslmode');
  return url.toString();
}
