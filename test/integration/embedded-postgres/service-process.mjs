// A stand-in for the service: starts the embedded PostgreSQL, tells its address, and lives until it is told to stop or is killed.
// Arguments: the launcher's module, the folder.
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const [launcher, folder] = process.argv.slice(2);
process.on('SIGINT', () => console.log(JSON.stringify({ interrupted: true })));
const { EmbeddedPostgres } = await import(pathToFileURL(launcher).href);
try {
  const postgres = await EmbeddedPostgres.start({ folder });
  console.log(JSON.stringify({ ownerUrl: postgres.ownerUrl, runtimeUrl: postgres.runtimeUrl, uid: process.geteuid() }));
  await once(process.stdin, 'end', process.stdin.resume());
  await postgres.stop();
} catch (error) {
  console.log(JSON.stringify({ failure: error.name, message: error.message }));
}
