#include "zitadel/requests.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace vestibule::zitadel {
namespace {

std::optional<std::string> trimmed(const std::optional<std::string>& text) {
  return text ? std::optional(std::string(base::trim(*text))) : std::nullopt;
}

ProfileChange read_profile(const Record& record) {
  ProfileChange profile{.given_name = trimmed(record.text("givenName")),
                        .family_name = trimmed(record.text("familyName")),
                        .nick_name = record.text("nickName"),
                        .display_name = record.text("displayName"),
                        .preferred_language = record.text("preferredLanguage")};
  if (const auto gender = record.number("gender")) profile.gender = static_cast<int>(*gender);
  return profile;
}

EmailChange read_email(const Record& record) {
  EmailChange email{.address = std::string(base::trim(record.text_or_empty("email")))};
  if (record.flag("isVerified").value_or(false)) email.proof = EmailProof::asserted;
  if (record.has("sendCode")) email.proof = EmailProof::by_mail;
  if (record.has("returnCode")) email.proof = EmailProof::by_code;
  return email;
}

PhoneChange read_phone(const Record& record) {
  return {.number = std::string(base::trim(record.text_or_empty("phone"))),
          .verified = record.flag("isVerified").value_or(false) ? 1 : 0,
          .wants_code = record.has("returnCode")};
}

template <class Read>
auto read_child(const Record& record, std::string_view name, Read read)
    -> std::optional<decltype(read(record))> {
  const auto* const child = record.child(name);
  if (child == nullptr) return std::nullopt;
  return read(*child);
}

PasswordChange read_password(const Record& record) {
  const bool renews = record.flag("changeRequired").value_or(false);
  return {.next = base::Secret(record.text_or_empty("password")),
          .renewal = renews ? accounts::Renewal::due : accounts::Renewal::none};
}

// For the messages that carry currentPassword and verificationCode.
Result<PasswordChange> read_password_change(const Record& record, std::string_view member) {
  const auto* const next = record.child(member);
  if (next == nullptr) return invalid("Password is empty");
  auto change = read_password(*next);
  change.code = record.text("verificationCode");
  if (auto current = record.text("currentPassword")) {
    change.current = base::Secret(std::move(*current));
  }
  return change;
}

Result<void> check_values(const std::vector<MetadataEntry>& metadata) {
  const bool all_there = std::ranges::none_of(
      metadata, [](const MetadataEntry& entry) { return entry.value.empty(); });
  if (!all_there) return refuse(refusals::metadata_value_empty);
  return {};
}

// CreateUserRequest.human and AddHumanUserRequest have these fields in common.
void read_human(const Record& human, CreateRequest& request) {
  request.profile = read_child(human, "profile", read_profile).value_or(ProfileChange{});
  request.email = read_child(human, "email", read_email);
  request.phone = read_child(human, "phone", read_phone);
  if (const auto* const password = human.child("password")) {
    request.password = read_password(*password);
  }
}

Result<void> read_optional_password(const Record& record, UpdateRequest& request) {
  const auto* const password = record.child("password");
  if (password == nullptr) return {};
  auto change = read_password_change(*password, "password");
  if (!change) return std::unexpected(std::move(change.error()));
  request.password = std::move(*change);
  return {};
}

}  // namespace

std::vector<MetadataEntry> read_metadata(const Record& record) {
  std::vector<MetadataEntry> metadata;
  for (const auto& entry : record.children("metadata")) {
    metadata.push_back({entry.text_or_empty("key"), entry.text_or_empty("value")});
  }
  return metadata;
}

Result<CreateRequest> read_create_user(const Record& record) {
  CreateRequest request{.organization_id = record.text("organizationId"),
                        .user_id = record.text("userId"),
                        .username = trimmed(record.text("username")),
                        .metadata = read_metadata(record)};
  if (const auto* const human = record.child("human")) {
    read_human(*human, request);
    auto inner = read_metadata(*human);
    if (!inner.empty() && !request.metadata.empty()) return refuse(refusals::metadata_twice);
    if (!inner.empty()) request.metadata = std::move(inner);
  } else if (const auto* const machine = record.child("machine")) {
    request.kind = accounts::UserKind::machine;
    request.machine_name = machine->text_or_empty("name");
    request.machine_description = machine->text_or_empty("description");
  }
  if (auto sound = check_values(request.metadata); !sound) {
    return std::unexpected(std::move(sound.error()));
  }
  return request;
}

Result<CreateRequest> read_add_human_user(const Record& record) {
  CreateRequest request{.user_id = record.text("userId"),
                        .username = trimmed(record.text("username")),
                        .metadata = read_metadata(record)};
  if (const auto* const organization = record.child("organization")) {
    request.organization_id = organization->text("orgId");
    request.organization_domain = organization->text("orgDomain");
  }
  read_human(record, request);
  return request;
}

Result<UpdateRequest> read_update_user(const Record& record) {
  UpdateRequest request{.user_id = record.text_or_empty("userId"),
                        .username = trimmed(record.text("username"))};
  if (const auto* const machine = record.child("machine")) {
    request.machine_name = trimmed(machine->text("name"));
    request.machine_description = machine->text("description");
  }
  const auto* const human = record.child("human");
  if (human == nullptr) return request;
  request.profile = read_child(*human, "profile", read_profile);
  request.email = read_child(*human, "email", read_email);
  request.phone = read_child(*human, "phone", read_phone);
  if (auto read = read_optional_password(*human, request); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return request;
}

Result<UpdateRequest> read_update_human_user(const Record& record) {
  UpdateRequest request{.user_id = record.text_or_empty("userId"),
                        .username = trimmed(record.text("username")),
                        .profile = read_child(record, "profile", read_profile),
                        .email = read_child(record, "email", read_email),
                        .phone = read_child(record, "phone", read_phone)};
  if (auto read = read_optional_password(record, request); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return request;
}

Result<UpdateRequest> read_set_password(const Record& record) {
  UpdateRequest request{.user_id = record.text_or_empty("userId")};
  auto change = read_password_change(record, "newPassword");
  if (!change) return std::unexpected(std::move(change.error()));
  request.password = std::move(*change);
  return request;
}

UpdateRequest read_set_email(const Record& record) {
  auto email = read_email(record);
  if (email.proof == EmailProof::none && !record.has("isVerified")) {
    email.proof = EmailProof::by_mail;
  }
  return {.user_id = record.text_or_empty("userId"), .email = std::move(email)};
}

UpdateRequest read_set_phone(const Record& record) {
  return {.user_id = record.text_or_empty("userId"), .phone = read_phone(record)};
}

}  // namespace vestibule::zitadel
