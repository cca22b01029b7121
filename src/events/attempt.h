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
  RetryPolicy retry;
};

/// Sends one row and commits what came of it: the row deleted (with the acknowledgement, if it was
/// a merge request), or due again later, or dead. Returns true if it was delivered. Throws
/// store::Unavailable if that could not be committed; the row is then sent again.
bool attempt(const AttemptContext& context, const Application& application,
             const Delivery& delivery);

}  // namespace vestibule::events
