// SQLite as a guest: `sqlite [DATABASE [ROWS]]` creates tables, inserts, queries and deletes, and prints what it found.
// DATABASE is a path below a preopened directory, or ":memory:" (the default). The last line is a checksum of all output;
// values that depend on time and randomness are printed too, so that a replay must reproduce them.
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t checksum = 2166136261u;

static void add_text(const char *text) {
  for (; *text; text++) checksum = (checksum ^ (uint8_t)*text) * 16777619u;
}

static int print_row(void *unused, int columns, char **values, char **names) {
  (void)unused, (void)names;
  for (int i = 0; i < columns; i++) {
    const char *value = values[i] ? values[i] : "NULL";
    printf("%s%s", i ? "|" : "", value);
    add_text(value);
  }
  putchar('\n');
  return 0;
}

static void fail(sqlite3 *db, const char *what) {
  fprintf(stderr, "sqlite: %s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static void execute(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, print_row, NULL, NULL) != SQLITE_OK) fail(db, sql);
}

static void insert_rows(sqlite3 *db, int rows) {
  sqlite3_stmt *insert;
  if (sqlite3_prepare_v2(db, "INSERT INTO account VALUES (?, ?, ?)", -1, &insert, NULL) != SQLITE_OK) fail(db, "prepare");
  execute(db, "BEGIN");
  for (int i = 0; i < rows; i++) {
    char name[32];
    snprintf(name, sizeof name, "account-%05d", (int)((i * 7919LL) % rows));
    sqlite3_bind_int(insert, 1, i);
    sqlite3_bind_text(insert, 2, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(insert, 3, (i % 1000) * 0.25);
    if (sqlite3_step(insert) != SQLITE_DONE) fail(db, "insert");
    sqlite3_reset(insert);
  }
  execute(db, "COMMIT");
  sqlite3_finalize(insert);
}

static void query(sqlite3 *db) {
  execute(db, "SELECT count(*), sum(balance), avg(balance), min(name), max(name) FROM account");
  execute(db, "SELECT balance, count(*) AS n FROM account GROUP BY balance ORDER BY n DESC, balance LIMIT 5");
  execute(db, "SELECT a.name, b.name FROM account a JOIN account b ON b.id = a.id * 2 + 1 WHERE a.balance > 200 "
              "ORDER BY a.name LIMIT 5");
  execute(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
              "SELECT sum(i * i), group_concat(i, ',') FILTER (WHERE i % 400 = 0) FROM n");
  execute(db, "UPDATE account SET balance = balance + 1 WHERE id % 3 = 0");
  execute(db, "DELETE FROM account WHERE name LIKE '%7'");
  execute(db, "SELECT count(*), round(sum(balance), 2), total(length(name)) FROM account");
  execute(db, "PRAGMA integrity_check");
}

int main(int argc, char **argv) {
  sqlite3 *db;
  if (sqlite3_open(argc > 1 ? argv[1] : ":memory:", &db) != SQLITE_OK) fail(db, "open");
  execute(db, "DROP TABLE IF EXISTS account");
  execute(db, "CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL, balance REAL)");
  execute(db, "CREATE INDEX account_name ON account (name)");
  insert_rows(db, argc > 2 ? atoi(argv[2]) : 2000);
  query(db);
  execute(db, "SELECT sqlite_version(), hex(randomblob(8)), datetime('now')");
  printf("checksum %08x\n", checksum);
  return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
