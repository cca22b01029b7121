#pragma once

#include <array>

#include "zitadel/message.h"

// What the messages of several calls have in common, for the messages_….cpp files only.
namespace vestibule::zitadel::messages {

inline constexpr std::size_t longest_name = 200;
inline constexpr std::size_t longest_code = 20;

template <std::size_t N>
using Fields = std::array<Field, N>;
template <std::size_t N>
using Choices = std::array<std::string_view, N>;

constexpr Field name_text(std::string_view name) {
  return text(name).length(1, longest_name);
}
constexpr Field code_text(std::string_view name) {
  return text(name).length(1, longest_code);
}

/// Of object.v2.ListQuery and filter.v2.PaginationRequest alike.
inline constexpr Fields<3> page_fields{{
    uint64("offset"),
    uint32("limit"),
    flag("asc"),
}};

inline constexpr Choices<8> text_filter_methods{
    "TEXT_FILTER_METHOD_EQUALS",      "TEXT_FILTER_METHOD_EQUALS_IGNORE_CASE",
    "TEXT_FILTER_METHOD_STARTS_WITH", "TEXT_FILTER_METHOD_STARTS_WITH_IGNORE_CASE",
    "TEXT_FILTER_METHOD_CONTAINS",    "TEXT_FILTER_METHOD_CONTAINS_IGNORE_CASE",
    "TEXT_FILTER_METHOD_ENDS_WITH",   "TEXT_FILTER_METHOD_ENDS_WITH_IGNORE_CASE"};

/// An address template is taken and not followed: our mails lead to our own pages.
inline constexpr Fields<1> url_template_fields{
    {text("urlTemplate").at_most(longest_name).optional()}};

inline constexpr Message send_email_code{"SendEmailVerificationCode", url_template_fields};
inline constexpr Message return_email_code{"ReturnEmailVerificationCode", {}};
inline constexpr Message return_phone_code{"ReturnPhoneVerificationCode", {}};

}  // namespace vestibule::zitadel::messages
