#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/response.h"

namespace vestibule::pages {

/// The values that a template shows. Text is escaped by the template engine; nothing is trusted.
class View {
 public:
  View();
  ~View();
  View(const View& other);
  View(View&&) noexcept;
  View& operator=(const View& other);
  View& operator=(View&&) noexcept;

  View& set(std::string_view name, std::string_view text);
  /// Makes `{{#name}}` true.
  View& flag(std::string_view name);
  View& list(std::string_view name, const std::vector<View>& items);

 private:
  friend std::string render(std::string_view, const View&);
  struct Data;
  std::unique_ptr<Data> data_;
};

/// Renders templates/NAME.mustache; throws std::logic_error if there is none.
std::string render(std::string_view name, const View& view);

/// Where a page's forms may lead, as CSP's form-action: browsers count each redirect of the answer
/// too (CSP level 3). `any_target` is for forms that may end at a client's redirect URI.
inline constexpr std::string_view own_target = "'self'";
inline constexpr std::string_view any_target = "";

/// A whole page: the layout around the named template, with security headers, never stored.
/// `style_path` is where the site serves style.css; `image_origin` is one more origin that the page
/// may show images of, `scheme://host[:port]` as it can stand in the policy.
http::Response page(int status, std::string_view name, std::string_view title, const View& view,
                    std::string_view style_path, std::string_view form_action = own_target,
                    std::string_view image_origin = {});

/// A script of templates/, for the site that serves it; cacheable for a while.
http::Response script_file(std::string_view name);

/// The style sheet, for the sites that serve it; cacheable.
http::Response style_sheet();

}  // namespace vestibule::pages
