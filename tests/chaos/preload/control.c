#include "control.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct control* chaos_control;
_Thread_local bool chaos_tears;

static _Atomic uint64_t calls;

void* chaos_real(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == NULL) {
    fprintf(stderr, "chaos: there is no %s\n", name);
    abort();
  }
  return found;
}

bool chaos_meets(enum fault fault) {
  if (chaos_control == NULL) return false;
  if ((chaos_control->faults & (1u << fault)) == 0) return false;
  const uint32_t every = chaos_control->every;
  if (every > 1 && atomic_fetch_add(&calls, 1) % every != 0) return false;
  atomic_fetch_add(&chaos_control->injected[fault], 1);
  return true;
}

void chaos_die(void) {
  chaos_control->struck = 1;
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

__attribute__((constructor)) static void map_control(void) {
  const char* path = getenv("CHAOS_CONTROL");
  if (path == NULL) return;
  int (*real_open)(const char*, int, ...) = chaos_real("open64");
  const int file = real_open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) {
    perror("chaos: CHAOS_CONTROL");
    abort();
  }
  void* mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) abort();
  chaos_control = mapped;
}
