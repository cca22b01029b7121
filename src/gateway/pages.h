#pragma once

#include <string>
#include <string_view>

#include "gateway/answers.h"
#include "http/response.h"

namespace vestibule::gateway {

/// The gateway's few pages: plain HTML that works without script, in light and dark. Each has a
/// content security policy that permits nothing but its own style and form. `form_targets` are
/// origins that the form's answer may redirect to.

/// Asks before a sign-in that another site's page caused.
http::Response continue_to_sign_in_page(std::string_view return_to, std::string_view form_targets);
/// Asks what becomes of the guest that this browser was.
http::Response choice_page();
/// Asks for the press of a button that proves an address.
http::Response proof_page(std::string_view address, std::string_view link,
                          std::string_view form_targets);
/// Something did not work; `link` leads on.
http::Response notice_page(int status, std::string_view title, std::string_view text,
                           std::string_view link, const FieldErrors& fields = {});

/// `& < > " '` as character references.
std::string escape_html(std::string_view text);

}  // namespace vestibule::gateway
