#pragma once

// What the test's process and the preloaded library tell each other: a file that both have mapped.

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum kill_mode {
  KILL_NEVER = 0,
  KILL_BEFORE_COMMIT = 1,   // nothing of the transaction may be there
  KILL_AFTER_COMMIT = 2,    // all of it has to be, although nobody was answered
  KILL_IN_TRANSACTION = 3,  // right after the statement itself
  KILL_IN_COMMIT = 4,       // half of the commit's first write to the disk is done
};

enum fault {
  FAULT_NO_SPACE = 0,     // ENOSPC of whatever lets a file grow
  FAULT_SYNC = 1,         // EIO of fsync and fdatasync
  FAULT_READ_ONLY = 2,    // EROFS of opening for writing and of writing
  FAULT_BUSY = 3,         // SQLITE_BUSY of begin and commit
  FAULT_SHORT_WRITE = 4,  // half of it is written, which is no error
  FAULT_WRITE = 5,        // EIO of writing
  FAULT_READ = 6,         // EIO of reading
  FAULTS = 8
};

// Its layout is also written down in control.py.
struct control {
  _Atomic uint32_t kill;    // enum kill_mode
  _Atomic uint32_t skip;    // so many transactions that match are let pass
  _Atomic uint32_t struck;  // the process killed itself as told
  _Atomic uint32_t faults;  // bits 1 << enum fault
  _Atomic uint32_t every;   // only each so-manieth call meets a fault
  uint32_t unused;
  _Atomic uint64_t injected[FAULTS];
  _Atomic uint64_t commits;
  _Atomic int64_t clock_offset;  // seconds that the wall clock is ahead
  char target[8000];             // the SQL text of the statement whose transaction dies
};

// The mapped file; null if CHAOS_CONTROL does not name one, and then nothing is done to anybody.
extern struct control* chaos_control;

// True if a call has to meet the fault now; counts it.
bool chaos_meets(enum fault fault);

// Ends the process at once, as kill -9 does.
_Noreturn void chaos_die(void);

// True on a thread whose commit has to be torn by the first write.
extern _Thread_local bool chaos_tears;

// The function of that name that would have been called without this library.
void* chaos_real(const char* name);
