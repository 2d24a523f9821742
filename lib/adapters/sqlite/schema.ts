/**
 * Steps of the schema, in order; `user_version` counts those that were taken. A step that was released is never edited.
 *
 * `messages` holds what is alive. `ready_at` (epoch ms) is set for the first message of each group only, and for every message without
 * a group: what can be claimed is found in one index, however many messages wait behind it. While a message is in flight its
 * `ready_at` is the end of its visibility timeout.
 */
export const schema: readonly string[] = [
  `
  CREATE TABLE items (
    partition TEXT NOT NULL,
    sort TEXT NOT NULL,
    "order" INTEGER NOT NULL,
    body BLOB NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (partition, sort)
  ) STRICT;
  CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    "group" TEXT,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    ready_at INTEGER,
    receive_count INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX messages_by_readiness ON messages (queue, ready_at, id) WHERE ready_at IS NOT NULL;
  CREATE INDEX messages_by_group ON messages (queue, "group", id) WHERE "group" IS NOT NULL;

  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    "group" TEXT,
    body TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL,
    died_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX dead_letters_by_queue ON dead_letters (queue);

  CREATE TABLE deduplications (
    queue TEXT NOT NULL,
    "group" TEXT NOT NULL,
    id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (queue, "group", id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deduplications_by_expiry ON deduplications (expires_at);
  `,
];
