#pragma once

#include "app/config.h"
#include "base/result.h"
#include "events/outbox.h"

namespace vestibule::app {

/// The applications as the configuration names them, with the secrets from their files. Errors:
/// `webhook_secret_file`, with the file's name and never with what is in it.
base::Result<std::vector<events::Application>> read_applications(const Config& config);

/// Reads the secret files of `fresh` again, for the applications that run: all of them or, if one
/// cannot be read, none, which the log tells. What else has changed needs a restart.
void reload_webhook_secrets(const std::vector<events::Application>& running, const Config& fresh);

}  // namespace vestibule::app
