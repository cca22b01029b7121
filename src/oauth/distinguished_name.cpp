#include "oauth/distinguished_name.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::oauth {
namespace {

struct FreeObject {
  void operator()(ASN1_OBJECT* object) const { ASN1_OBJECT_free(object); }
};
struct FreeType {
  void operator()(ASN1_TYPE* type) const { ASN1_TYPE_free(type); }
};
using Object = std::unique_ptr<ASN1_OBJECT, FreeObject>;

/// One attribute type and its value; `level` counts the relative names from the front.
struct Attribute {
  Object type;
  int encoding = MBSTRING_UTF8;  ///< or the ASN.1 tag that the value was given with
  std::string value;
  std::size_t level = 0;
};

// RFC 4514 section 3. OpenSSL knows more names, but all of them in one spelling.
constexpr std::array<std::pair<std::string_view, int>, 9> names{{{"cn", NID_commonName},
                                                                 {"l", NID_localityName},
                                                                 {"st", NID_stateOrProvinceName},
                                                                 {"o", NID_organizationName},
                                                                 {"ou", NID_organizationalUnitName},
                                                                 {"c", NID_countryName},
                                                                 {"street", NID_streetAddress},
                                                                 {"dc", NID_domainComponent},
                                                                 {"uid", NID_userId}}};

Object find_type(std::string_view name) {
  const auto key = base::to_lower_ascii(name);
  const auto* const found =
      std::ranges::find(names, key, [](const auto& known) { return known.first; });
  if (found != names.end()) return Object(OBJ_nid2obj(found->second));
  return Object(OBJ_txt2obj(std::string(name).c_str(), 0));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Attribute>> parse() {
    std::vector<Attribute> attributes;
    for (std::size_t level = 0;;) {
      auto attribute = parse_attribute();
      if (!attribute) return std::nullopt;
      attribute->level = level;
      attributes.push_back(std::move(*attribute));
      if (rest_.empty()) return attributes;
      if (rest_.front() == ',') ++level;
      rest_.remove_prefix(1);
    }
  }

 private:
  std::optional<Attribute> parse_attribute() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    const auto equals = rest_.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = rest_.substr(0, equals);
    const auto is_word = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; };
    if (name.empty() || !std::ranges::all_of(name, is_word)) return std::nullopt;
    if (name.ends_with('.')) return std::nullopt;  // OpenSSL would forgive it
    Attribute attribute;
    attribute.type = find_type(name);
    if (!attribute.type) return std::nullopt;
    rest_.remove_prefix(equals + 1);
    const bool good = rest_.starts_with('#') ? parse_encoded(attribute) : parse_string(attribute);
    if (!good) return std::nullopt;
    return attribute;
  }

  /// hexstring: the BER of the value.
  bool parse_encoded(Attribute& attribute) {
    const auto end = std::min(rest_.find_first_of(",+"), rest_.size());
    const auto bytes = base::from_hex(base::to_lower_ascii(rest_.substr(1, end - 1)));
    rest_.remove_prefix(end);
    if (!bytes || bytes->empty()) return false;
    const auto* position = reinterpret_cast<const unsigned char*>(bytes->data());
    const auto* const stop = position + bytes->size();
    const std::unique_ptr<ASN1_TYPE, FreeType> value(
        d2i_ASN1_TYPE(nullptr, &position, static_cast<long>(bytes->size())));
    if (!value || position != stop || !is_text(value->type)) return false;
    attribute.encoding = value->type;
    const auto* const text = value->value.asn1_string;
    attribute.value.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                           static_cast<std::size_t>(ASN1_STRING_length(text)));
    return true;
  }

  static bool is_text(int tag) {
    return (ASN1_tag2bit(tag) & (B_ASN1_DIRECTORYSTRING | B_ASN1_IA5STRING)) != 0;
  }

  /// string: UTF-8 with escapes, up to an unescaped separator.
  bool parse_string(Attribute& attribute) {
    std::size_t kept = 0;  // up to the last character that is no unescaped space
    while (!rest_.empty() && rest_.front() != ',' && rest_.front() != '+') {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        const auto escaped = parse_escape();
        if (!escaped) return false;
        attribute.value.push_back(*escaped);
      } else if (std::string_view("\";<>\0", 5).find(c) != std::string_view::npos) {
        return false;
      } else {
        attribute.value.push_back(c);
        if (c == ' ') continue;
      }
      kept = attribute.value.size();
    }
    attribute.value.resize(kept);
    return kept != 0;
  }

  /// What stands after a backslash: a special character, or two hexadecimal digits of any.
  std::optional<char> parse_escape() {
    constexpr std::string_view special = "\\\"+,;<> #=";
    if (rest_.empty()) return std::nullopt;
    if (special.find(rest_.front()) != std::string_view::npos) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      return c;
    }
    const auto byte = base::from_hex(base::to_lower_ascii(rest_.substr(0, 2)));
    if (!byte || byte->size() != 1) return std::nullopt;
    rest_.remove_prefix(2);
    return byte->front();
  }

  std::string_view rest_;
};

}  // namespace

void FreeName::operator()(X509_name_st* name) const {
  X509_NAME_free(name);
}

DistinguishedName parse_distinguished_name(std::string_view text) {
  const auto attributes = Parser(text).parse();
  if (!attributes) return nullptr;
  DistinguishedName name(X509_NAME_new());
  if (!name) throw std::bad_alloc();
  // RFC 4514 2.1: the string begins with the last element of the sequence.
  std::optional<std::size_t> level;
  for (auto it = attributes->rbegin(); it != attributes->rend(); ++it) {
    const int same_level = level == it->level ? -1 : 0;
    const int added =
        X509_NAME_add_entry_by_OBJ(name.get(), it->type.get(), it->encoding,
                                   reinterpret_cast<const unsigned char*>(it->value.data()),
                                   static_cast<int>(it->value.size()), -1, same_level);
    if (added != 1) return nullptr;
    level = it->level;
  }
  return name;
}

}  // namespace vestibule::oauth
