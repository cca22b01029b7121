#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "http/outgoing.h"
#include "remote/zitadel_api.h"

// From HTTP to values: where every way in which a call can go wrong becomes a CallError.
namespace vestibule::remote {

/// A call as its errors name it, and what they must not repeat: tokens, addresses, names. The texts
/// outlive it.
struct Question {
  std::string_view call;  ///< `CreateUser`
  std::vector<std::string_view> hidden = {};
};

/// A CallError with what it takes to tell refusals of one code apart.
struct Failure {
  CallError error;
  std::string id = {};       ///< ZITADEL's, such as `COMMAND-5gunjw0cd7`; empty if it gave none
  std::string message = {};  ///< as it came: never to be logged
};

using Answered = std::expected<http::OutgoingResponse, Failure>;

/// Sends the request; gives the answer if it is a 2xx. The kinds of failure:
/// - refused: a 4xx but 408 and 429;
/// - unreachable: 429, and no connection (its name, its address or TLS failed);
/// - unknown: every other status, and an answer that was too late, too large or cut.
///
/// `code` is the one in the answer's envelope, Connect's (`{"code":"not_found"}`), REST's
/// (`{"code":5}`) or OAuth's (`{"error":"invalid_grant"}`), and empty without one: a 404 of
/// whatever stands before the remote says nothing of a user. So is a `not_found` without an id,
/// with which ZITADEL says that it does not know the host; and that the caller has lost its role,
/// which ZITADEL calls `not_found` too, is `permission_denied`. `out_of_reach` is a Vestibule's
/// word for a user who has registered.
Answered ask(const http::OutgoingClient& client, const Question& question,
             const http::OutgoingRequest& request);

/// A 2xx that does not say what it should: unknown.
CallError malformed(const Question& question, int status);

/// The JSON object in the body of a 2xx.
Called<boost::json::object> read_object(const Question& question,
                                        const http::OutgoingResponse& answer);

}  // namespace vestibule::remote
