#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace vestibule::gateway {

template <class T>
using Awaitable = boost::asio::awaitable<base::Result<T>>;

/// What a browser holds of its session, sealed. Single use: renewing counts the generation up.
struct SessionHandle {
  base::SessionId session;
  std::uint32_t generation = 0;
  std::string subject;  ///< whose it is; tells an ended session from a deleted user
  bool operator==(const SessionHandle&) const = default;
};

/// What a browser is given: its session, and the token that the upstream gets for it.
struct Grant {
  SessionHandle session;
  base::Time session_expires_at;
  base::Secret token;  ///< a JWT for the upstream
  base::Time token_expires_at;
};

enum class ProfileKind { guest, account };

/// Who somebody is, as far as their own page shows it.
struct Profile {
  std::string subject;
  ProfileKind kind = ProfileKind::guest;
  std::string name;   ///< empty if not known
  std::string email;  ///< empty if not known
  enum class Email { unverified, verified } email_state = Email::unverified;
};

/// Did this call make it, or was it there?
enum class Novelty { created, existing };

struct GuestRequest {
  base::SessionId session;  ///< from the ticket: the key under which a double click's requests meet
  std::string client_address;
};
struct GuestGrant {
  Grant grant;
  Profile profile;
  Novelty novelty = Novelty::created;
};

/// An application's backend that keeps a cookie of its own.
struct ServiceGuestRequest {
  base::Secret bearer;  ///< the service account's token
  std::string key;      ///< Idempotency-Key
  std::string body;
  std::string client_address;
};
struct ServiceGuest {
  std::string subject;
  base::Secret token;
  std::int64_t expires_in = 0;  ///< seconds
  std::string scope;
  Novelty novelty = Novelty::created;
};

struct UpgradeForm {
  std::string given_name;
  std::string family_name;
  std::string email;
  base::Secret password;
  std::string client_address = {};  ///< for the audit log
};
struct Upgrade {
  Grant grant;
  Profile profile;
};

/// The parameters of an authorization request that change from one sign-in to the next.
struct SignInStart {
  std::string state;
  std::string nonce;
  std::string code_challenge;  ///< S256 (RFC 7636)
  enum class Prompt { unforced, login } prompt = Prompt::unforced;
  std::string login_hint;  ///< may be empty
};

/// What to do with the guest that a browser was when it signs in.
enum class MergeIntent { ask, merge };

struct SignInAnswer {
  base::Secret code;
  base::Secret code_verifier;
  std::string nonce;
  /// The person has to have shown credentials since then.
  std::optional<base::Time> authenticated_since;
  /// The session that this browser holds now, from its sealed cookie.
  std::optional<SessionHandle> previous;
  MergeIntent intent = MergeIntent::ask;
  std::string client_address;
};
struct SignedIn {
  Grant grant;
  /// Of the merge that was requested in the same step.
  std::optional<std::string> merge_id;
  /// A guest session of this browser that nothing has been decided about.
  std::optional<SessionHandle> undecided_guest;
};

enum class GuestChoice { keep, merge, discard };
struct ChoiceRequest {
  SessionHandle account;
  SessionHandle guest;
  GuestChoice choice = GuestChoice::keep;
  std::string client_address;
};
struct ChoiceDone {
  std::optional<std::string> merge_id;
};

/// Where a browser has to go on to, so that the provider's own page signs it out too; empty if that
/// is done.
struct SignedOut {
  std::string continue_at;
};

enum class MergeProgress { settled, open };

/// A line of what happened to somebody.
struct TimelineEntry {
  base::Time at;
  std::string type;
  std::string detail;
};

/// A merge as an application that pulls sees it.
struct MergeTask {
  std::string id;
  std::string source;  ///< the guest's sub
  std::string target;  ///< the account's sub
  std::string state;   ///< guests::to_string(MergeState)
  base::Time requested_at;
  base::Time deadline_at;
};

/// The identity provider cannot be reached, or what it answered cannot be used; trying again later
/// may help. The message is for the log.
class ProviderUnavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The gateway's one way to its identity provider. Each verb that changes something has it on disk
/// before it answers. Whom a verb is about comes only from a sealed cookie or a verified token.
///
/// Errors that every driver tells by these reasons: unauthenticated `no_session` (it has ended, or
/// the handle was replaced too long ago), gone `guest_gone`, conflict `merging`, conflict
/// `not_a_guest`, unauthenticated `invalid_token` and forbidden `insufficient_rights` (service
/// calls). A lost dependency is an exception (ProviderUnavailable, store::Unavailable).
class IdentityProvider {
 public:
  virtual ~IdentityProvider() = default;

  /// Makes a guest with its session, or gives back the one that the same ticket has just made.
  /// conflict `ticket_used`: the ticket leads nowhere any more.
  virtual Awaitable<GuestGrant> provision(GuestRequest request) = 0;

  /// A fresh token under the handle's successor. A handle that was replaced too long ago ends its
  /// session.
  virtual Awaitable<Grant> renew(SessionHandle session) = 0;

  /// A fresh token without replacing the handle, for requests whose answer may set no cookie.
  virtual Awaitable<Grant> glance(SessionHandle session) = 0;

  /// Who the session's user is now.
  virtual Awaitable<Profile> profile(SessionHandle session) = 0;

  /// Whether the password is good enough; the error's field is `password`.
  virtual Awaitable<void> check_password(base::Secret password,
                                         std::vector<std::string> own_words) = 0;

  /// The session's guest becomes an account of the same subject, under a fresh session. Fields are
  /// checked. Also conflict `already_registered`.
  virtual Awaitable<Upgrade> upgrade(SessionHandle session, UpgradeForm form) = 0;

  /// Where to send the browser to sign in.
  virtual std::string authorization_url(const SignInStart& start) const = 0;

  /// Redeems the code and opens a fresh session; the one that the browser had ends, except that of
  /// a guest about whom nothing has been decided. Errors: invalid `sign_in_failed` (the code, the
  /// verifier or the nonce is not right, or the sign-in is older than asked for).
  virtual Awaitable<SignedIn> complete_sign_in(SignInAnswer answer) = 0;

  /// What becomes of a guest that was left undecided. `keep` leaves its data where it is; its
  /// session in this browser has ended either way.
  virtual Awaitable<ChoiceDone> choose(ChoiceRequest request) = 0;

  /// Waits until the merge is settled, at most `limit`.
  virtual boost::asio::awaitable<MergeProgress> await_merge(std::string merge_id,
                                                            base::Milliseconds limit) = 0;

  /// Erases the session's guest at once.
  virtual Awaitable<void> erase_guest(SessionHandle session) = 0;

  /// Ends the session here and the one at the provider that it came from. One that has ended
  /// already is no error.
  virtual Awaitable<SignedOut> end_session(SessionHandle session) = 0;

  /// The e-mail address that a mail's link would prove, if the session's own user claimed it;
  /// looking changes nothing. not_found `foreign_link` otherwise, whatever the reason.
  virtual Awaitable<std::string> find_claim(SessionHandle session, base::Secret link) = 0;

  /// Proves that address. Everything older of this user ends; the grant is of a fresh session.
  /// Errors as find_claim's, and gone `link_gone`, `address_taken`.
  virtual Awaitable<Grant> prove_email(SessionHandle session, base::Secret link) = 0;

  /// The provider's own page for a link that this browser's session may not use.
  virtual std::string proof_page(std::string_view link) const = 0;

  /// What happened to the session's user, oldest first.
  virtual Awaitable<std::vector<TimelineEntry>> timeline(SessionHandle session) = 0;

  /// Makes a guest for a backend. Also invalid `key_reused` (the key came with another body).
  virtual Awaitable<ServiceGuest> provision(ServiceGuestRequest request) = 0;

  /// Merges that wait for the caller's application.
  virtual Awaitable<std::vector<MergeTask>> pending_merges(base::Secret bearer) = 0;
  /// The caller's application has taken the data over. not_found `unknown_merge`.
  virtual Awaitable<MergeTask> acknowledge(base::Secret bearer, std::string merge_id) = 0;
  /// The subject that a merged guest became. not_found `unknown_alias`.
  virtual Awaitable<std::string> find_alias(base::Secret bearer, std::string subject) = 0;
};

}  // namespace vestibule::gateway
