#include <memory>

#include "base/encoding.h"
#include "zitadel/machine.h"
#include "zitadel/messages.h"
#include "zitadel/operation_parts.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

using operation_parts::plain;
using operation_parts::write;

std::string answer_creation(const Unit& unit, json::object body) {
  body["creationDate"] = answers::timestamp(unit.now);
  return write(body);
}

Result<std::string> answer_deletion(const Unit& unit, const Result<void>& deleted) {
  if (!deleted) return refuse(deleted.error());
  return write({{"deletionDate", answers::timestamp(unit.now)}});
}

Result<Plan> adding_token(const Record& record) {
  return plain([id = record.text_or_empty("userId"), expires_at = record.time("expirationDate")](
                   const Unit& unit) -> Result<std::string> {
    const auto token = add_personal_token(unit, id, expires_at);
    if (!token) return refuse(token.error());
    return answer_creation(
        unit, {{"tokenId", base::to_decimal(token->id)}, {"token", token->token.reveal()}});
  });
}

Result<Plan> removing_token(const Record& record) {
  return plain([id = record.text_or_empty("userId"),
                token = record.text_or_empty("tokenId")](const Unit& unit) {
    return answer_deletion(unit, remove_personal_token(unit, id, token));
  });
}

Result<Plan> adding_key(const Record& record) {
  const auto request = std::make_shared<const KeyRequest>(
      KeyRequest{.user_id = record.text_or_empty("userId"),
                 .expires_at = record.time("expirationDate"),
                 .public_key = record.text_or_empty("publicKey")});
  Plan plan;
  if (request->public_key.empty()) {
    plan.before_key = [request](const Unit& unit) { return check_key_request(unit, *request); };
  }
  plan.run = [request](const Unit& unit, const SlowWork& work) -> Result<std::string> {
    const auto key = add_key(unit, *request, work.key);
    if (!key) return refuse(key.error());
    json::object body{{"keyId", key->id}};
    if (!key->file.empty()) body["keyContent"] = base::to_base64(key->file.reveal());
    return answer_creation(unit, std::move(body));
  };
  return plan;
}

Result<Plan> removing_key(const Record& record) {
  return plain([id = record.text_or_empty("userId"), key = record.text_or_empty("keyId")](
                   const Unit& unit) { return answer_deletion(unit, remove_key(unit, id, key)); });
}

Result<Plan> adding_secret(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) -> Result<std::string> {
    const auto secret = add_secret(unit, id);
    if (!secret) return refuse(secret.error());
    return answer_creation(unit, {{"clientSecret", secret->reveal()}});
  });
}

Result<Plan> removing_secret(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) {
    return answer_deletion(unit, remove_secret(unit, id));
  });
}

json::object describe(const ListedCredential& listed) {
  const auto& credential = listed.credential;
  return {{"creationDate", answers::timestamp(credential.created_at)},
          {"changeDate", answers::timestamp(credential.created_at)},
          {"id", credential.id},
          {"userId", listed.subject},
          {"organizationId", base::to_string(credential.organization)},
          {"expirationDate", answers::timestamp(credential.expires_at)}};
}

auto listing(Result<CredentialPage> (*list)(const Unit&, const Record&)) {
  return [list](const Record& record) -> Result<Plan> {
    return plain([list, record](const Unit& unit) -> Result<std::string> {
      const auto page = list(unit, record);
      if (!page) return refuse(page.error());
      json::object body{
          {"pagination", operation_parts::pagination(page->total, page->applied_limit)}};
      json::array entries;
      for (const auto& listed : page->entries) entries.push_back(describe(listed));
      if (!entries.empty()) body["result"] = std::move(entries);
      return write(body);
    });
  };
}

}  // namespace

std::vector<Operation> machine_operations() {
  namespace m = messages;
  return {
      {"AddPersonalAccessToken", "POST", "/v2/users/{user_id}/pats", &m::add_personal_access_token,
       "user.AddPersonalAccessTokenRequest", Work::write, adding_token},
      {"RemovePersonalAccessToken", "DELETE", "/v2/users/{user_id}/pats/{token_id}",
       &m::remove_personal_access_token, "user.RemovePersonalAccessTokenRequest", Work::write,
       removing_token},
      {"ListPersonalAccessTokens", "POST", "/v2/users/pats/search", &m::list_personal_access_tokens,
       "user.ListPersonalAccessTokensRequest", Work::scan, listing(list_personal_tokens)},
      {"AddKey", "POST", "/v2/users/{user_id}/keys", &m::add_key, "user.AddKeyRequest", Work::write,
       adding_key},
      {"RemoveKey", "DELETE", "/v2/users/{user_id}/keys/{key_id}", &m::remove_key,
       "user.RemoveKeyRequest", Work::write, removing_key},
      {"ListKeys", "POST", "/v2/users/keys/search", &m::list_keys, "user.ListKeysRequest",
       Work::scan, listing(list_keys)},
      {"AddSecret", "POST", "/v2/users/{user_id}/secret", &m::add_secret, "user.AddSecretRequest",
       Work::write, adding_secret},
      {"RemoveSecret", "DELETE", "/v2/users/{user_id}/secret", &m::remove_secret,
       "user.RemoveSecretRequest", Work::write, removing_secret},
  };
}

}  // namespace vestibule::zitadel
