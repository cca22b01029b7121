#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/answers.h"
#include "http/response.h"
#include "http/router.h"

namespace vestibule::gateway {

/// The gateway's few pages, from the templates of pages/. `form_targets` are origins that the
/// form's answer may redirect to.

/// Serves the style sheet that they use, and the scripts that solve proof of work.
void add_asset_routes(http::Router& router);

/// Asks before a sign-in that another site's page caused.
http::Response continue_to_sign_in_page(std::string_view return_to, std::string_view form_targets);
/// Asks what becomes of the guest that this browser was.
http::Response choice_page();
/// Asks for the press of a button that proves an address.
http::Response proof_page(std::string_view address, std::string_view link,
                          std::string_view form_targets);
/// How a page goes on when its work is done and there is a session.
enum class AfterWork {
  reload,     ///< ask for the same page again
  send_form,  ///< send the fields to the same address again
  go_back     ///< to the page before, for the person to try again
};
/// 403: the browser solves `work`, opens a session by it, and goes on. `fields` are those of the
/// form to be sent. Without scripts it says what is the matter.
http::Response work_page(const WorkChallenge& work, AfterWork next,
                         const std::vector<std::pair<std::string, std::string>>& fields = {});
/// Something did not work; `link` leads on.
http::Response notice_page(int status, std::string_view title, std::string_view text,
                           std::string_view link, const FieldErrors& fields = {});

}  // namespace vestibule::gateway
