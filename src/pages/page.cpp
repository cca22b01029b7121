#include "pages/page.h"

#include <fmt/core.h>

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <span>
#include <stdexcept>

#include "base/embedded.h"

namespace vestibule::pages {

std::span<const base::EmbeddedFile> embedded_templates();

namespace {

namespace engine = kainjow::mustache;

std::string_view find_template(std::string_view name) {
  const auto files = embedded_templates();
  const auto found = std::ranges::find_if(
      files, [&](const base::EmbeddedFile& file) { return file.name == name; });
  if (found == files.end()) throw std::logic_error(fmt::format("no template {}", name));
  return found->content;
}

}  // namespace

struct View::Data {
  engine::data value{engine::data::type::object};
};

View::View() : data_(std::make_unique<Data>()) {}
View::~View() = default;
View::View(const View& other) : data_(std::make_unique<Data>(*other.data_)) {}
View::View(View&&) noexcept = default;
View& View::operator=(const View& other) {
  if (this != &other) data_ = std::make_unique<Data>(*other.data_);
  return *this;
}
View& View::operator=(View&&) noexcept = default;

View& View::set(std::string_view name, std::string_view text) {
  data_->value.set(std::string(name), std::string(text));
  return *this;
}

View& View::flag(std::string_view name) {
  data_->value.set(std::string(name), engine::data{true});
  return *this;
}

View& View::list(std::string_view name, const std::vector<View>& items) {
  engine::data out{engine::data::type::list};
  for (const auto& item : items) out.push_back(item.data_->value);
  data_->value.set(std::string(name), out);
  return *this;
}

std::string render(std::string_view name, const View& view) {
  const auto text = find_template(fmt::format("templates/{}.mustache", name));
  engine::mustache compiled{std::string(text)};
  if (!compiled.is_valid()) {
    throw std::logic_error(fmt::format("template {}: {}", name, compiled.error_message()));
  }
  return compiled.render(view.data_->value);
}

http::Response page(int status, std::string_view name, std::string_view title, const View& view,
                    std::string_view style_path, std::string_view form_action,
                    std::string_view image_origin) {
  // The content is HTML already, so the layout puts it in unescaped, between its two halves.
  View frame;
  frame.set("title", title).set("style", style_path);
  auto response = http::Response::html(
      status, render("head", frame) + render(name, view) + render("foot", frame));
  response.with_header("Cache-Control", "no-store")
      .with_header(
          "Content-Security-Policy",
          fmt::format("default-src 'none'; style-src 'self'; img-src 'self' data:{}{}; "
                      "base-uri 'none'; frame-ancestors 'none'{}",
                      image_origin.empty() ? "" : " ", image_origin,
                      form_action.empty() ? "" : fmt::format("; form-action {}", form_action)))
      .with_header("Referrer-Policy", "same-origin")
      .with_header("X-Content-Type-Options", "nosniff")
      .with_header("X-Frame-Options", "DENY");
  return response;
}

http::Response script_file(std::string_view name) {
  http::Response response;
  response.body = std::string(find_template(fmt::format("templates/{}", name)));
  response.with_header("Content-Type", "text/javascript; charset=utf-8")
      .with_header("Cache-Control", "public, max-age=3600")
      .with_header("X-Content-Type-Options", "nosniff");
  return response;
}

http::Response style_sheet() {
  http::Response response;
  response.body = std::string(find_template("templates/style.css"));
  response.with_header("Content-Type", "text/css; charset=utf-8")
      .with_header("Cache-Control", "public, max-age=3600")
      .with_header("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace vestibule::pages
