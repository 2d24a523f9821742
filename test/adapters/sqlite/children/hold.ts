import { openDatabase } from '../../../../lib/adapters/sqlite/database.ts';
import { asFailure } from '../../../../lib/domain/failure.ts';

/** Opens the database and keeps it until it is killed; prints the fault if it is refused. */
try {
  openDatabase(process.argv[2] ?? '');
  console.log('open');
  setInterval(() => undefined, 1000);
} catch (error) {
  console.log(asFailure(error).fault);
}
