#include "zitadel/message.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace vestibule::zitadel {

const Field& Record::field(std::string_view name) const {
  const auto found = std::ranges::find(message_->fields, name, &Field::name);
  if (found == message_->fields.end()) {
    throw std::logic_error(std::string(message_->name) + " has no field " + std::string(name));
  }
  return *found;
}

const Record::Value* Record::find(std::string_view name) const {
  const Field* const wanted = &field(name);
  const auto found = std::ranges::find(values_, wanted, &std::pair<const Field*, Value>::first);
  return found == values_.end() ? nullptr : &found->second;
}

Record::Value& Record::slot(const Field& wanted) {
  const auto found = std::ranges::find(values_, &wanted, &std::pair<const Field*, Value>::first);
  if (found != values_.end()) return found->second;
  return values_.emplace_back(&wanted, Value{}).second;
}

std::optional<std::string> Record::text(std::string_view name) const {
  const auto* const value = find(name);
  return value != nullptr ? std::optional(std::get<std::string>(*value)) : std::nullopt;
}

std::optional<bool> Record::flag(std::string_view name) const {
  const auto* const value = find(name);
  return value != nullptr ? std::optional(std::get<bool>(*value)) : std::nullopt;
}

std::optional<std::uint64_t> Record::number(std::string_view name) const {
  const auto* const value = find(name);
  return value != nullptr ? std::optional(std::get<std::uint64_t>(*value)) : std::nullopt;
}

std::optional<base::Time> Record::time(std::string_view name) const {
  const auto* const value = find(name);
  return value != nullptr ? std::optional(std::get<base::Time>(*value)) : std::nullopt;
}

const Record* Record::child(std::string_view name) const {
  const auto& all = children(name);
  return all.empty() ? nullptr : &all.front();
}

const std::deque<Record>& Record::children(std::string_view name) const {
  static const std::deque<Record> none;
  const auto* const value = find(name);
  return value != nullptr ? std::get<std::deque<Record>>(*value) : none;
}

const std::vector<std::string>& Record::texts(std::string_view name) const {
  static const std::vector<std::string> none;
  const auto* const value = find(name);
  return value != nullptr ? std::get<std::vector<std::string>>(*value) : none;
}

void Record::set_text(std::string_view name, std::string value) {
  slot(field(name)) = std::move(value);
}

void Record::add_text(std::string_view name, std::string value) {
  auto& all = slot(field(name));
  if (!std::holds_alternative<std::vector<std::string>>(all)) all = std::vector<std::string>{};
  std::get<std::vector<std::string>>(all).push_back(std::move(value));
}

}  // namespace vestibule::zitadel
