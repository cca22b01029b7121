#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounts/passwords.h"
#include "accounts/user.h"
#include "base/secret.h"
#include "zitadel/errors.h"
#include "zitadel/message.h"

// Typed requests: what the verbs work with. Nothing behind this sees a Record.
namespace vestibule::zitadel {

/// Fields that are absent stay as they are.
struct ProfileChange {
  std::optional<std::string> given_name = {};
  std::optional<std::string> family_name = {};
  std::optional<std::string> nick_name = {};
  std::optional<std::string> display_name = {};
  std::optional<std::string> preferred_language = {};
  std::optional<int> gender = {};
};

enum class EmailProof {
  none,      ///< nothing is said of it, and no mail goes out
  asserted,  ///< isVerified: the caller vouches for it
  by_mail,   ///< sendCode: the mailer asks its owner
  by_code,   ///< returnCode: the caller asks its owner, and brings the code back
};
struct EmailChange {
  std::string address;
  EmailProof proof = EmailProof::none;
};
struct PhoneChange {
  std::string number;  ///< empty: it is removed
  int verified = 0;
  bool wants_code = false;  ///< returnCode; there are no text messages
};

struct MetadataEntry {
  std::string key;
  std::string value;
};

/// A password to store, and what the caller knows of the former one or of its
/// reset.
struct PasswordChange {
  base::Secret next;
  std::optional<base::Secret> current = {};
  std::optional<std::string> code = {};  ///< what PasswordReset returned
  accounts::Renewal renewal = accounts::Renewal::none;
};

struct CreateRequest {
  std::optional<std::string> organization_id = {};  ///< absent: the caller's
  std::optional<std::string> organization_domain = {};
  std::optional<std::string> user_id = {};
  std::optional<std::string> username = {};
  accounts::UserKind kind = accounts::UserKind::human;
  std::string machine_name = {};
  std::string machine_description = {};
  ProfileChange profile = {};
  std::optional<EmailChange> email = {};
  std::optional<PhoneChange> phone = {};
  std::optional<PasswordChange> password = {};
  std::vector<MetadataEntry> metadata = {};
};
/// `human` and root both with metadata, an empty value: ZITADEL's refusals.
Result<CreateRequest> read_create_user(const Record& record);
Result<CreateRequest> read_add_human_user(const Record& record);

struct UpdateRequest {
  std::string user_id;
  std::optional<std::string> username = {};
  std::optional<ProfileChange> profile = {};
  std::optional<EmailChange> email = {};
  std::optional<PhoneChange> phone = {};
  std::optional<PasswordChange> password = {};
  std::optional<std::string> machine_name = {};
  std::optional<std::string> machine_description = {};
};
Result<UpdateRequest> read_update_user(const Record& record);
Result<UpdateRequest> read_update_human_user(const Record& record);
/// SetPassword is an update of nothing but the password.
Result<UpdateRequest> read_set_password(const Record& record);

std::vector<MetadataEntry> read_metadata(const Record& record);
/// SetEmail: an update of nothing but the address. Unless the caller vouches
/// for it or wants the code, its owner gets a mail, as at ZITADEL.
UpdateRequest read_set_email(const Record& record);
/// SetPhone.
UpdateRequest read_set_phone(const Record& record);

}  // namespace vestibule::zitadel
