#pragma once

#include <string>

namespace vestibule::mail {

/// Why a mail was not handed over.
struct Failure {
  enum class Kind {
    refused,      ///< this mail, for good (RFC 5321 4.2.1: 5yz for its recipient or text)
    postponed,    ///< this mail, for now
    unreachable,  ///< every mail, for now: no connection, no TLS, no authentication, no sender
    interrupted,  ///< we were asked to stop
  };
  Kind kind = Kind::postponed;
  std::string detail;  ///< for the log: the stage and the code, no address
};

}  // namespace vestibule::mail
