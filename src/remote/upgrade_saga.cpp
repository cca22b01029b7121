#include "remote/upgrade_saga.h"

#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "remote/removal_saga.h"

namespace vestibule::remote {

namespace json = boost::json;
using base::ErrorKind;
using base::fail;
using gateway::ProviderUnavailable;

namespace {

constexpr base::Milliseconds look_again{40};
/// Attempts of a call while somebody waits for the answer.
constexpr int attempts_in_person = 3;

std::string write_document(const UpgradeWanted& wanted) {
  const auto& form = wanted.form;
  const json::object document{{"given_name", form.given_name},
                              {"family_name", form.family_name},
                              {"email", form.email},
                              {"password", form.password.reveal()},
                              {"tag", wanted.user.guest_day->tag()}};
  return json::serialize(document);
}

struct Document {
  Registration registration;
  std::string tag;
};

Document read_document(const Task& task) {
  const auto members = json::parse(task.document).as_object();
  const auto text = [&](std::string_view name) {
    return std::string(members.at(name).as_string());
  };
  return {{text("given_name"), text("family_name"), text("email"), base::Secret(text("password"))},
          text("tag")};
}

/// A call that is repeated while its outcome is not known. What is refused is given back.
template <class Call>
auto persist(const Workbench& bench, Task& task, Call call) -> decltype(call()) {
  for (int attempt = 1;; ++attempt) {
    auto called = call();
    if (called || called.error().kind == CallError::Kind::refused) return called;
    if (attempt == attempts_in_person) {
      give_back(bench, task);
      throw ProviderUnavailable("a registration has to wait: " + called.error().detail);
    }
    ++task.attempts;
    hold(bench, task);
  }
}

}  // namespace

struct UpgradeSaga::Start {
  std::optional<base::Error> refusal;
  std::optional<Task> mine;
};

base::Result<RemoteUpgrade> UpgradeSaga::run(const UpgradeWanted& wanted) const {
  const auto give_up = bench_.clock.now() + bench_.tasks.lease();
  for (;;) {
    auto begun = start(wanted);
    if (begun.refusal) return std::unexpected(std::move(*begun.refusal));
    try {
      if (begun.mine) return drive(*begun.mine, wanted);
    } catch (const TaskLost& lost) {
      spdlog::info("upgrading: {}", lost.what());
    }
    if (bench_.clock.now() >= give_up)
      throw ProviderUnavailable("something else is under way with this guest");
    std::this_thread::sleep_for(look_again);
  }
}

UpgradeSaga::Start UpgradeSaga::start(const UpgradeWanted& wanted) const {
  const auto now = bench_.clock.now();
  return bench_.store.write([&](store::Transaction& tx) -> Start {
    const auto refuse = [](ErrorKind kind, std::string_view reason, std::string message) -> Start {
      return {base::Error{kind, reason, std::move(message), {}, {}}, std::nullopt};
    };
    const auto user = accounts::find_user(tx, wanted.user.id);
    if (!user) return refuse(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    if (user->standing() == accounts::Standing::merging)
      return refuse(ErrorKind::conflict, "merging", "the guest is being merged into an account");
    if (user->standing() == accounts::Standing::account)
      return refuse(ErrorKind::conflict, "already_registered", "the user is registered already");

    Task task{.subject = user->subject(),
              .kind = TaskKind::upgrade,
              .step = Step::enroll,
              .user = user->id,
              .document = write_document(wanted)};
    if (bench_.tasks.begin(tx, task, now)) return {std::nullopt, std::move(task)};
    const auto other = bench_.tasks.find(tx, task.subject, now);
    if (!other) return {};
    // A purge that waits has no call under way: the registration wins over it.
    const bool purge = other->kind == TaskKind::removal;
    if (purge && !RemovalSaga::waits(*other)) {
      if (RemovalSaga::may_have_deleted(*other))
        return refuse(ErrorKind::gone, "guest_gone", "the guest has been deleted");
      return {};
    }
    if (!purge && other->due_at > now) return {};
    // The same person tries again after an attempt that was cut off. The newer form counts, unless
    // the older one has been stored there already.
    if (!purge && other->step == Step::untag) task = *other;
    task.fence = other->fence;
    if (purge) task.step = Step::reactivate;
    if (!bench_.tasks.take_over(tx, task, now)) return {};
    return {std::nullopt, std::move(task)};
  });
}

base::Result<RemoteUpgrade> UpgradeSaga::drive(Task& task, const UpgradeWanted& wanted) const {
  if (task.step == Step::reactivate) make_active(task);
  std::optional<SessionTokens> tokens;
  if (task.step == Step::enroll) {
    // While it is still a guest: nobody impersonates an account.
    const auto token = persist(bench_, task, [&] { return bench_.api.impersonate(task.subject); });
    if (token) {
      tokens = SessionTokens::of(*token, bench_.clock.now());
    } else if (const auto standing = ask_standing(task); standing == Standing::gone) {
      erase_gone(task);
      return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    } else if (standing == Standing::guest) {
      give_up(task, token.error());
    } else {
      go_on(bench_, task, Step::untag);
    }
  }
  switch (store_remotely(task)) {
    case Stored::gone:
      return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    case Stored::refused:
      return fail(ErrorKind::invalid, "password_refused",
                  "the identity provider's rules for passwords refuse this one: try a longer one "
                  "with upper and lower case letters, digits and symbols",
                  "password");
    case Stored::yes:
      break;
  }
  const auto now = bench_.clock.now();
  if (!tokens) {
    bench_.store.write([&](store::Transaction& tx) { write_account(tx, task, std::nullopt, now); });
    return fail(ErrorKind::conflict, "already_registered",
                "you are registered already: please sign in");
  }
  // Nobody can get another token for it without a sign-in, so that the session ends with this one.
  sessions::Session session{.id = base::SessionId{base::Uuid::make(now, bench_.random)},
                            .user = wanted.user.id,
                            .created_at = now,
                            .rotated_at = now,
                            .expires_at = tokens->expires_at,
                            .auth_time = now,
                            .amr = "pwd"};
  return bench_.store.write([&](store::Transaction& tx) -> base::Result<RemoteUpgrade> {
    write_account(tx, task, session, now);
    bench_.tokens.put(tx, session.id, *tokens, now);
    return RemoteUpgrade{accounts::find_user(tx, wanted.user.id).value(), session, *tokens};
  });
}

void UpgradeSaga::make_active(Task& task) const {
  const auto active = persist(bench_, task, [&] { return bench_.api.reactivate(task.subject); });
  if (!active && !active.error().is("not_found") && !active.error().is("out_of_reach"))
    give_up(task, active.error());
  go_on(bench_, task, Step::enroll);
}

UpgradeSaga::Standing UpgradeSaga::ask_standing(Task& task) const {
  const auto user = persist(bench_, task, [&] { return bench_.api.find_user(task.subject); });
  if (user) return user->has_password ? Standing::account : Standing::guest;
  if (user.error().is("not_found")) return Standing::gone;
  if (user.error().is("out_of_reach")) return Standing::account;
  give_up(task, user.error());
}

/// Nothing of it can have taken effect: it ends. Else it is tried again until that is known.
void UpgradeSaga::give_up(Task& task, const CallError& error) const {
  const bool untried = task.fence == 1 && task.attempts == 0 && task.step == Step::enroll;
  if (untried) {
    abandon(task);
  } else {
    give_back(bench_, task);
  }
  throw ProviderUnavailable("a guest is not registered: " + error.detail);
}

UpgradeSaga::Stored UpgradeSaga::store_remotely(Task& task) const {
  const auto document = read_document(task);
  if (task.step == Step::enroll) {
    const auto stored = persist(bench_, task, [&] {
      return bench_.api.register_user(task.subject, document.registration);
    });
    if (!stored) {
      // An earlier attempt whose outcome is not known may have made it an account.
      const auto standing = stored.error().is("not_found") ? Standing::gone : ask_standing(task);
      if (standing == Standing::gone) {
        erase_gone(task);
        return Stored::gone;
      }
      if (standing == Standing::guest && stored.error().is("invalid_argument")) {
        abandon(task);
        return Stored::refused;
      }
      if (standing == Standing::guest) give_up(task, stored.error());
    }
    go_on(bench_, task, Step::untag);
  }
  const auto untagged =
      persist(bench_, task, [&] { return bench_.api.delete_tag(task.subject, document.tag); });
  const bool settled =
      untagged || untagged.error().is("out_of_reach") || untagged.error().is("not_found");
  if (!settled) give_up(task, untagged.error());
  return Stored::yes;
}

void UpgradeSaga::write_account(store::Transaction& tx, const Task& task,
                                std::optional<sessions::Session> session, base::Time now) const {
  finish(tx, task);
  auto registration = read_document(task).registration;
  bench_.guests.note_upgrade(tx,
                             {.user = task.user.value(),
                              .given_name = std::move(registration.given_name),
                              .family_name = std::move(registration.family_name),
                              .email = std::move(registration.email),
                              .new_session = std::move(session)},
                             now);
}

void UpgradeSaga::abandon(const Task& task) const {
  bench_.store.write([&](store::Transaction& tx) { finish(tx, task); });
}

void UpgradeSaga::erase_gone(const Task& task) const {
  const auto now = bench_.clock.now();
  bench_.store.write([&](store::Transaction& tx) {
    finish(tx, task);
    const auto user = accounts::find_user(tx, task.user.value());
    if (user && !bench_.guests.erase(tx, *user, guests::EraseReason::deleted, now))
      throw std::logic_error("a guest whose upgrade was under way is being merged");
  });
}

void UpgradeSaga::complete(Task& task) const {
  if (task.step == Step::reactivate) make_active(task);
  if (store_remotely(task) != Stored::yes) return;
  const auto now = bench_.clock.now();
  bench_.store.write([&](store::Transaction& tx) { write_account(tx, task, std::nullopt, now); });
}

}  // namespace vestibule::remote
