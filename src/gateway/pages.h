#pragma once

#include <string_view>

#include "gateway/answers.h"
#include "http/response.h"
#include "http/router.h"

namespace vestibule::gateway {

/// The gateway's few pages, from the templates of pages/. `form_targets` are origins that the
/// form's answer may redirect to.

/// Serves the style sheet that they use.
void add_style_route(http::Router& router);

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

}  // namespace vestibule::gateway
