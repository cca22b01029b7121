#include "oauth/consents.h"

#include <algorithm>
#include <string>

#include "accounts/users.h"
#include "oauth/claim_names.h"
#include "oauth/claims_request.h"
#include "sessions/codes.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

const store::Statement select_one{
    "consents.find", "select words from consents where user_id = $1 and client_id = $2"};
const store::Statement select_of_user{
    "consents.list",
    "select client_id, words, given_at from consents where user_id = $1 order by client_id"};
const store::Statement replace_one{
    "consents.replace",
    "insert into consents (user_id, client_id, words, given_at) values ($1, $2, $3, $4) "
    "on conflict (user_id, client_id) do update "
    "set words = excluded.words, given_at = excluded.given_at"};
const store::Statement delete_one{"consents.revoke",
                                  "delete from consents where user_id = $1 and client_id = $2"};
const store::Statement delete_of_client{"consents.erase_client",
                                        "delete from consents where client_id = $1"};

Scope find_words(store::Transaction& tx, base::UserId user, base::ClientId client) {
  auto rows = tx.query(select_one, user, client);
  return rows.next() ? Scope::parse(rows.text(0)) : Scope();
}

/// Whether issue_code would refuse this user: then there is nothing to ask.
bool may_have_code(store::Transaction& tx, const Authorization& request, base::UserId id) {
  const auto user = accounts::find_user(tx, id);
  return user && user->state == accounts::UserState::active && !user->is_guest() &&
         user->organization == request.client.organization;
}

}  // namespace

Scope words_to_allow(const Authorization& request) {
  std::string words = request.scope.text();
  const auto asked = ClaimsRequest::remembered(request.details.claims);
  for (const auto* names : {&asked.userinfo, &asked.id_token}) {
    for (const auto& name : *names) {
      const auto claim = std::ranges::find(claim_names, name, &ClaimName::name);
      if (!request.scope.contains(claim->scope)) words += " claim:" + name;
    }
  }
  return Scope::parse(words);
}

ConsentStep decide_consent(store::Transaction& tx, const Authorization& request,
                           base::UserId user) {
  if (request.client.consent != Consent::asked || !may_have_code(tx, request, user)) {
    return ConsentStep::none;
  }
  const auto allowed = find_words(tx, user, request.client.id);
  const bool covered = words_to_allow(request).first_missing_in(allowed).empty();
  if (covered && !request.asks_for_consent) return ConsentStep::none;
  return request.prompt == Prompt::none ? ConsentStep::refuse : ConsentStep::ask;
}

void record_consent(store::Transaction& tx, const Authorization& request, base::UserId user,
                    base::Time now) {
  const auto former = find_words(tx, user, request.client.id);
  const auto words = Scope::parse(former.text() + " " + words_to_allow(request).text());
  tx.execute(replace_one, user, request.client.id, words.text(), now);
}

std::vector<GivenConsent> list_consents(store::Transaction& tx, base::UserId user) {
  std::vector<GivenConsent> consents;
  auto rows = tx.query(select_of_user, user);
  while (rows.next()) {
    consents.push_back({rows.id<base::ClientId>(0), Scope::parse(rows.text(1)), rows.time(2)});
  }
  return consents;
}

bool revoke_consent(store::Transaction& tx, base::UserId user, base::ClientId client) {
  if (tx.execute(delete_one, user, client) == 0) return false;
  sessions::erase_codes(tx, user, client);
  sessions::erase_families(tx, user, client);
  return true;
}

void erase_consents(store::Transaction& tx, base::ClientId client) {
  tx.execute(delete_of_client, client);
}

}  // namespace vestibule::oauth
