#pragma once

#include "accounts/mailer.h"
#include "app/config.h"
#include "base/random.h"

namespace vestibule::app {

/// Where the configuration sends mail. The references outlive the sender. Throws
/// std::invalid_argument if the password cannot be read.
accounts::MailSender mail_sender(const Config& config, store::Store& store, base::Random& random);

}  // namespace vestibule::app
