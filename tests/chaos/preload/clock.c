// The wall clock of a process, set ahead or back at any instant. The monotonic clock goes on.

#include <sys/time.h>
#include <time.h>

#include "control.h"

static time_t offset(void) {
  return chaos_control == NULL ? 0 : (time_t)chaos_control->clock_offset;
}

static bool is_wall_clock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*_Atomic real)(clockid_t, struct timespec*);
  if (real == NULL) real = chaos_real("clock_gettime");
  const int code = real(clock, now);
  if (code == 0 && is_wall_clock(clock)) now->tv_sec += offset();
  return code;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec precise;
  const int code = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return code;
}

time_t time(time_t* now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != NULL) *now = precise.tv_sec;
  return precise.tv_sec;
}
