/* Writes down each statement that SQLite is asked to run: preloaded by test_enumeration.py.
 * One line for each run of a statement, its text on one line, into the file VESTIBULE_TEST_STATEMENTS. */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct sqlite3_stmt sqlite3_stmt;
extern int sqlite3_stmt_busy(sqlite3_stmt *);
extern const char *sqlite3_sql(sqlite3_stmt *);

static int file = -1;

static void write_down(const char *text) {
  char line[4096];
  size_t length = text == NULL ? 0 : strlen(text);
  if (length >= sizeof line) length = sizeof line - 1;
  for (size_t i = 0; i < length; ++i) line[i] = text[i] == '\n' ? ' ' : text[i];
  line[length] = '\n';
  /* One write is one line: the file is opened to append. */
  if (write(file, line, length + 1) < 0) abort();
}

int sqlite3_step(sqlite3_stmt *statement) {
  static int (*step)(sqlite3_stmt *);
  if (step == NULL) *(void **)&step = dlsym(RTLD_NEXT, "sqlite3_step");
  /* Busy: a further row of a run that was written down. */
  if (file >= 0 && !sqlite3_stmt_busy(statement)) write_down(sqlite3_sql(statement));
  return step(statement);
}

__attribute__((constructor)) static void open_file(void) {
  const char *name = getenv("VESTIBULE_TEST_STATEMENTS");
  if (name != NULL) file = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}
