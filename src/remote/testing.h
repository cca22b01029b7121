#pragma once

#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "guests/testing.h"
#include "keys/purpose_keys.h"
#include "remote/recovery.h"

namespace vestibule::remote::testing {

/// The process died.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

/// For tests: a ZITADEL in memory, whose n-th call can go wrong.
class FakeApi final : public ZitadelApi {
 public:
  enum class Fault { none, killed_before, killed_after, lost_before, lost_after, unreachable };
  struct User {
    RemoteUser shown;
    std::set<std::string> tags;
  };

  std::map<std::string, User> users;
  std::vector<std::string> calls;
  std::function<Fault(std::size_t call)> fault = [](std::size_t) { return Fault::none; };
  std::optional<CallError> refusal;  ///< of every call

  base::Milliseconds longest_call() const override { return base::Milliseconds{1'000}; }

  Called<void> create_guest(const NewGuest& guest) override {
    return call<void>("create", [&]() -> Called<void> {
      const RemoteUser shown{.id = guest.id,
                             .organization = "1",
                             .username = guest.username,
                             .given_name = guest.given_name,
                             .family_name = guest.family_name,
                             .email = guest.email,
                             .email_verified = true};
      if (!users.try_emplace(guest.id, User{shown, {guest.tag}}).second)
        return refused("already_exists");
      return {};
    });
  }
  Called<RemoteUser> find_user(const std::string& id) override {
    return call<RemoteUser>("find", [&]() -> Called<RemoteUser> {
      if (!users.contains(id)) return refused("not_found");
      return users.at(id).shown;
    });
  }
  Called<std::vector<std::string>> list_guest_tags(const std::string& id) override {
    return call<std::vector<std::string>>("tags", [&]() -> Called<std::vector<std::string>> {
      const auto& tags = users[id].tags;
      return std::vector<std::string>(tags.begin(), tags.end());
    });
  }
  Called<void> register_user(const std::string& id, const Registration& registration) override {
    return change("register", id, [&](User& user) {
      user.shown.given_name = registration.given_name;
      user.shown.email = registration.email;
      user.shown.has_password = true;
    });
  }
  Called<void> delete_tag(const std::string& id, const std::string& tag) override {
    return change("untag", id, [&](User& user) { user.tags.erase(tag); });
  }
  Called<void> deactivate(const std::string& id) override {
    return change("deactivate", id, [](User& user) { user.shown.state = RemoteState::inactive; });
  }
  Called<void> reactivate(const std::string& id) override {
    return change("reactivate", id, [](User& user) { user.shown.state = RemoteState::active; });
  }
  Called<void> delete_user(const std::string& id) override {
    return change("delete", id, [&](User&) { users.erase(id); });
  }
  Called<Tokens> impersonate(const std::string& id) override {
    return call<Tokens>("impersonate", [&]() -> Called<Tokens> {
      const auto found = users.find(id);
      const bool guest = found != users.end() && !found->second.shown.has_password &&
                         found->second.shown.state == RemoteState::active;
      if (!guest) return refused("invalid_request", 403);
      return Tokens{.access_token = base::Secret("token of " + id),
                    .expires_in = 43'199,
                    .scope = "openid",
                    .refresh_token = {},
                    .id_token = {}};
    });
  }
  Called<Tokens> redeem_code(const CodeExchange&) override { return refused("invalid_grant"); }
  Called<Tokens> refresh(const base::Secret&) override { return refused("invalid_grant"); }
  Called<void> revoke(const base::Secret&) override { return {}; }
  Called<Identity> verify_id_token(const base::Secret&, base::Time) override {
    return refused("invalid_token");
  }
  Called<std::string> whoami(const base::Secret&) override { return refused("unauthenticated"); }

 private:
  static std::unexpected<CallError> refused(std::string code, int status = 404) {
    return std::unexpected(CallError{CallError::Kind::refused, status, std::move(code), "refused"});
  }
  template <class T, class F>
  Called<T> call(const std::string& name, F effect) {
    const auto what = fault(calls.size());
    calls.push_back(name);
    if (refusal) return std::unexpected(*refusal);
    if (what == Fault::killed_before) throw Killed();
    if (what == Fault::lost_before) return lost();
    if (what == Fault::unreachable)
      return std::unexpected(CallError{CallError::Kind::unreachable, 0, "", "unreachable"});
    auto answer = effect();
    if (what == Fault::killed_after) throw Killed();
    if (what == Fault::lost_after) return lost();
    return answer;
  }
  static std::unexpected<CallError> lost() {
    return std::unexpected(CallError{CallError::Kind::unknown, 0, "", "lost"});
  }
  template <class F>
  Called<void> change(const std::string& name, const std::string& id, F effect) {
    return call<void>(name, [&]() -> Called<void> {
      if (!users.contains(id)) return refused("not_found");
      effect(users.at(id));
      return {};
    });
  }
};

/// For tests: the sagas between a store and a FakeApi.
class SagaWorld {
 public:
  SagaWorld() : world({guests::holder("shop")}) {}

  std::string visit(base::SessionId ticket) {
    GuestWanted wanted;
    wanted.session = ticket;
    return sagas.provisioning.run(wanted).value().provisioned.user.subject();
  }
  std::optional<accounts::User> find(const std::string& subject) {
    return world.read([&](store::Transaction& tx) {
      const auto id = accounts::resolve_subject_from_elsewhere(tx, subject);
      return id ? accounts::find_user(tx, *id) : std::nullopt;
    });
  }
  std::int64_t open_tasks() { return world.read(&Tasks::count); }
  /// The keeper, until nothing is left to do.
  void recover() {
    for (int round = 0; round < 50 && open_tasks() > 0; ++round) {
      world.clock.advance(longest_retry);
      sagas.run_due(world.now(), {});
    }
  }
  std::int64_t told(const std::string& type) {
    const auto types = world.waiting("shop");
    return std::ranges::count(types, type);
  }

  guests::World world;
  FakeApi api;
  keys::PurposeKeys keys{keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value()};
  Tasks tasks{keys, world.random, lease_of(api)};
  SessionTokenStore tokens{keys, world.random};
  Workbench bench{.store = *world.store,
                  .guests = *world.guests,
                  .sessions = *world.sessions,
                  .api = api,
                  .tasks = tasks,
                  .tokens = tokens,
                  .clock = world.clock,
                  .random = world.random,
                  .organization = world.authority.organization,
                  .service_account = world.authority.service_account,
                  .client = world.authority.client};
  Sagas sagas{bench};
};

}  // namespace vestibule::remote::testing
