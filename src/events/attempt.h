#pragma once

#include "events/dispatcher.h"

namespace vestibule::events {

/// What an attempt needs beside the row.
struct AttemptContext {
  store::Store& store;
  const base::Clock& clock;
  base::Random& random;
  Sender sender;
  OnAcknowledged on_acknowledged;
  const DispatcherOptions& options;
};

/// What an attempt says of the row, and of the application.
struct Attempted {
  bool done = false;      ///< no other attempt follows
  bool answered = false;  ///< the application is at work: it said 2xx
};

/// Sends one row and commits what came of it: the row delivered (with the acknowledgement, if it
/// was a merge request), or due again later, or dead. Throws store::Unavailable if that could not
/// be committed; the row is then sent again when its lease has ended.
Attempted attempt(const AttemptContext& context, const Application& application,
                  const Delivery& delivery);

}  // namespace vestibule::events
