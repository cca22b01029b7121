#include "events/outbox.h"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "events/outbox_sql.h"

namespace vestibule::events {
namespace {

bool wants(const Application& application, std::string_view type) {
  if (type == guest_merge_requested || type == guest_merge_abandoned)
    return application.data == Application::Data::held;
  return application.types.empty() ||
         std::ranges::find(application.types, type) != application.types.end();
}

std::string body_of(std::string_view type, const EventData& data, base::Time now) {
  boost::json::object members;
  for (const auto& [name, value] : data) members[name] = value;
  boost::json::object body;
  body["type"] = type;
  body["timestamp"] = base::to_rfc3339(now);
  body["data"] = std::move(members);
  auto text = boost::json::serialize(body);
  if (text.size() > longest_event) throw std::length_error("an event is too long to be told");
  return text;
}

std::optional<std::string> next_application(store::Transaction& tx, const std::string& after) {
  auto rows = tx.query(sql::next_application, after);
  return rows.next() ? rows.optional_text(0) : std::nullopt;
}

}  // namespace

Outbox::Outbox(std::vector<Application> applications, std::function<void()> wake)
    : applications_(std::move(applications)), wake_(std::move(wake)) {}

void Outbox::add(store::Transaction& tx, std::string_view type, base::UserId user,
                 const EventData& data, base::Time now) const {
  std::string payload;
  for (const auto& application : applications_) {
    if (application.webhook_url.empty() || !wants(application, type)) continue;
    if (payload.empty()) payload = body_of(type, data, now);
    tx.execute(sql::insert_outbox, application.name, user, type, payload, now);
  }
  if (!payload.empty()) wake_after(tx);
}

void Outbox::wake_after(store::Transaction& tx) const {
  if (wake_) tx.after_commit(wake_);
}

void Outbox::withdraw_merge_request(store::Transaction& tx, std::string_view application,
                                    base::UserId source) const {
  // What waited behind it is due now.
  if (tx.execute(sql::withdraw_outbox, application, source, guest_merge_requested) > 0)
    wake_after(tx);
}

std::int64_t Outbox::forget_unknown_applications(store::Transaction& tx) const {
  std::vector<std::string> unknown;
  std::optional<std::string> name{std::in_place};
  while ((name = next_application(tx, *name))) {
    if (!find(*name)) unknown.push_back(*name);
  }
  std::int64_t deleted = 0;
  for (const auto& gone : unknown) deleted += tx.execute(sql::delete_outbox_of_application, gone);
  return deleted;
}

std::vector<std::string> Outbox::holders() const {
  std::vector<std::string> names;
  for (const auto& application : applications_) {
    if (application.data == Application::Data::held) names.push_back(application.name);
  }
  return names;
}

const Application* Outbox::find(std::string_view name) const {
  const auto found = std::ranges::find(applications_, name, &Application::name);
  return found == applications_.end() ? nullptr : &*found;
}

}  // namespace vestibule::events
