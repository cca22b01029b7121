// Learns from SQLite's own calls which statements have changed something in the open transaction,
// writes down each that was committed, and ends the process where it is told to.

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "control.h"

enum { MAX_CONNECTIONS = 64, MAX_CHANGES = 4096, BUCKETS = 1021 };

struct text {
  struct text* next;
  bool written_down;
  char sql[];
};

struct connection {
  sqlite3* database;
  int changes;
  int savepoint;
  struct text* changed[MAX_CHANGES];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct text* texts[BUCKETS];
static struct connection connections[MAX_CONNECTIONS];
static _Thread_local bool inside_exec;

static struct text* intern(const char* sql) {
  unsigned hash = 5381;
  for (const char* at = sql; *at != 0; ++at) hash = hash * 33 + (unsigned char)*at;
  struct text** bucket = &texts[hash % BUCKETS];
  for (struct text* text = *bucket; text != NULL; text = text->next) {
    if (strcmp(text->sql, sql) == 0) return text;
  }
  struct text* made = calloc(1, sizeof *made + strlen(sql) + 1);
  if (made == NULL) abort();
  strcpy(made->sql, sql);
  made->next = *bucket;
  return *bucket = made;
}

// Null for one that has never begun to write. Closed ones are not told from open ones; the newest
// are kept.
static struct connection* find_connection(const sqlite3* database) {
  for (int i = 0; i < MAX_CONNECTIONS; ++i) {
    if (connections[i].database == database) return &connections[i];
  }
  return NULL;
}

static struct connection* add_connection(sqlite3* database) {
  static int next;
  struct connection* connection = find_connection(database);
  if (connection != NULL) return connection;
  connection = &connections[next++ % MAX_CONNECTIONS];
  connection->database = database;
  return connection;
}

static bool begins_with(const char* sql, const char* word) {
  return strncmp(sql, word, strlen(word)) == 0;
}

static bool is_target(const struct text* text) {
  return strcmp(text->sql, chaos_control->target) == 0;
}

// True if the transaction is the one that dies here. Consumes one of those that are let pass.
static bool strikes(const struct connection* connection, bool counts) {
  if (chaos_control->kill == KILL_NEVER || connection == NULL) return false;
  for (int i = 0; i < connection->changes; ++i) {
    if (!is_target(connection->changed[i])) continue;
    if (chaos_control->skip == 0) return true;
    if (counts) atomic_fetch_sub(&chaos_control->skip, 1);
    return false;
  }
  return false;
}

static void write_down(struct connection* connection) {
  static int file = -1;
  const char* path = getenv("CHAOS_REACHED");
  if (path == NULL) return;
  if (file < 0) file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  for (int i = 0; i < connection->changes; ++i) {
    struct text* text = connection->changed[i];
    if (text->written_down) continue;
    text->written_down = true;
    struct iovec parts[] = {{text->sql, strlen(text->sql)}, {"\x1e", 1}};
    if (writev(file, parts, 2) < 0) abort();
  }
}

static void note_change(sqlite3* database, const char* sql) {
  pthread_mutex_lock(&mutex);
  struct connection* connection = find_connection(database);
  struct text* text = intern(sql);
  if (connection != NULL && connection->changes < MAX_CHANGES) {
    connection->changed[connection->changes++] = text;
  }
  if (connection != NULL && chaos_control->kill == KILL_IN_TRANSACTION && is_target(text) &&
      strikes(connection, false)) {
    chaos_die();
  }
  pthread_mutex_unlock(&mutex);
}

static void before_commit(sqlite3* database) {
  pthread_mutex_lock(&mutex);
  const uint32_t mode = chaos_control->kill;
  const bool struck = strikes(find_connection(database), mode == KILL_BEFORE_COMMIT);
  pthread_mutex_unlock(&mutex);
  if (!struck) return;
  if (mode == KILL_BEFORE_COMMIT) chaos_die();
  chaos_tears = mode == KILL_IN_COMMIT;
}

static void after_commit(sqlite3* database, bool done) {
  chaos_tears = false;
  if (!done) return;
  atomic_fetch_add(&chaos_control->commits, 1);
  pthread_mutex_lock(&mutex);
  struct connection* connection = find_connection(database);
  if (connection != NULL) {
    write_down(connection);
    const uint32_t mode = chaos_control->kill;
    if (strikes(connection, mode != KILL_BEFORE_COMMIT) && mode == KILL_AFTER_COMMIT) chaos_die();
    connection->changes = 0;
  }
  pthread_mutex_unlock(&mutex);
}

static void set_changes(sqlite3* database, const char* sql) {
  pthread_mutex_lock(&mutex);
  struct connection* connection =
      begins_with(sql, "begin") ? add_connection(database) : find_connection(database);
  if (connection == NULL) {
    pthread_mutex_unlock(&mutex);
    return;
  }
  if (strcmp(sql, "savepoint unit") == 0) {
    connection->savepoint = connection->changes;
  } else if (strcmp(sql, "rollback to unit") == 0) {
    connection->changes = connection->savepoint;
  } else {
    connection->changes = 0;
  }
  pthread_mutex_unlock(&mutex);
}

// The one thing that both ways of running a statement have in common: `run` does it.
static int run_control(sqlite3* database, const char* sql, int (*run)(void*), void* with) {
  const bool commits = begins_with(sql, "commit");
  const bool begins = begins_with(sql, "begin immediate");
  if ((commits || begins) && chaos_meets(FAULT_BUSY)) return SQLITE_BUSY;
  if (commits) before_commit(database);
  const int code = run(with);
  if (commits) {
    after_commit(database, code == SQLITE_DONE || code == SQLITE_OK);
  } else if (begins || begins_with(sql, "savepoint") || begins_with(sql, "rollback")) {
    set_changes(database, sql);
  }
  return code;
}

static bool is_control(const char* sql) {
  return begins_with(sql, "commit") || begins_with(sql, "begin immediate") ||
         begins_with(sql, "savepoint") || begins_with(sql, "rollback");
}

static int real_step(void* statement) {
  static int (*real)(sqlite3_stmt*);
  if (real == NULL) real = chaos_real("sqlite3_step");
  return real(statement);
}

int sqlite3_step(sqlite3_stmt* statement) {
  const char* sql = chaos_control == NULL || inside_exec ? NULL : sqlite3_sql(statement);
  if (sql == NULL) return real_step(statement);
  sqlite3* database = sqlite3_db_handle(statement);
  if (is_control(sql)) return run_control(database, sql, real_step, statement);
  if (sqlite3_stmt_readonly(statement) != 0) return real_step(statement);
  const sqlite3_int64 before = sqlite3_total_changes64(database);
  const int code = real_step(statement);
  // A statement with `returning` counts its changes only at its end.
  if (code == SQLITE_ROW || sqlite3_total_changes64(database) != before) note_change(database, sql);
  return code;
}

struct exec {
  sqlite3* database;
  const char* sql;
  int (*callback)(void*, int, char**, char**);
  void* argument;
  char** message;
};

static int real_exec(void* with) {
  static int (*real)(sqlite3*, const char*, int (*)(void*, int, char**, char**), void*, char**);
  if (real == NULL) real = chaos_real("sqlite3_exec");
  const struct exec* exec = with;
  const bool outer = inside_exec;
  inside_exec = true;
  const int code = real(exec->database, exec->sql, exec->callback, exec->argument, exec->message);
  inside_exec = outer;
  return code;
}

int sqlite3_exec(sqlite3* database, const char* sql, int (*callback)(void*, int, char**, char**),
                 void* argument, char** message) {
  struct exec exec = {database, sql, callback, argument, message};
  if (chaos_control == NULL || sql == NULL || !is_control(sql)) return real_exec(&exec);
  return run_control(database, sql, real_exec, &exec);
}
