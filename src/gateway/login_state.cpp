#include "gateway/login_state.h"

#include "gateway/pack.h"

namespace vestibule::gateway {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr auto max_age = std::chrono::duration_cast<std::chrono::seconds>(sign_in_lifetime);

bool is_recent(base::Time then, base::Time now) {
  return now - then < sign_in_lifetime;
}

}  // namespace

http::SetCookie LoginCookies::write(const LoginState& state, base::Time now) const {
  Packer packer(format_version);
  packer.text(state.state)
      .text(state.nonce)
      .text(state.code_verifier.reveal())
      .text(state.return_to)
      .time(state.started_at)
      .u32(state.intent == MergeIntent::merge ? 1 : 0)
      .u32(state.session ? 1 : 0)
      .session(state.session.value_or(base::SessionId{}));
  return names_.make(names_.login, sealer_.seal(Purpose::login, names_.login, packer.take(), now),
                     max_age);
}

http::SetCookie LoginCookies::write(const ChoiceState& state, base::Time now) const {
  Packer packer(format_version);
  packer.session(state.guest.session)
      .u32(state.guest.generation)
      .text(state.guest.subject)
      .session(state.account)
      .text(state.return_to)
      .time(state.asked_at);
  return names_.make(names_.choice,
                     sealer_.seal(Purpose::choice, names_.choice, packer.take(), now), max_age);
}

http::SetCookie LoginCookies::erase_login() const {
  return names_.make(names_.login, {}, std::nullopt).deletion();
}

http::SetCookie LoginCookies::erase_choice() const {
  return names_.make(names_.choice, {}, std::nullopt).deletion();
}

std::optional<LoginState> LoginCookies::read_login(const http::Cookies& cookies,
                                                   base::Time now) const {
  const auto cookie = cookies.find(names_.login);
  if (!cookie.single()) return std::nullopt;
  const auto plain =
      sealer_.open(Purpose::login, names_.login, cookie.value, now, sign_in_lifetime);
  if (!plain) return std::nullopt;
  Unpacker unpacker(*plain, format_version);
  LoginState state;
  state.state = unpacker.text();
  state.nonce = unpacker.text();
  state.code_verifier = base::Secret(unpacker.text());
  state.return_to = unpacker.text();
  state.started_at = unpacker.time();
  state.intent = unpacker.u32() == 1 ? MergeIntent::merge : MergeIntent::ask;
  const auto has_session = unpacker.u32();
  const auto session = unpacker.session();
  if (has_session == 1) state.session = session;
  if (!unpacker.complete() || !is_recent(state.started_at, now)) return std::nullopt;
  return state;
}

std::optional<ChoiceState> LoginCookies::read_choice(const http::Cookies& cookies,
                                                     base::Time now) const {
  const auto cookie = cookies.find(names_.choice);
  if (!cookie.single()) return std::nullopt;
  const auto plain =
      sealer_.open(Purpose::choice, names_.choice, cookie.value, now, sign_in_lifetime);
  if (!plain) return std::nullopt;
  Unpacker unpacker(*plain, format_version);
  ChoiceState state;
  state.guest.session = unpacker.session();
  state.guest.generation = unpacker.u32();
  state.guest.subject = unpacker.text();
  state.account = unpacker.session();
  state.return_to = unpacker.text();
  state.asked_at = unpacker.time();
  if (!unpacker.complete() || !is_recent(state.asked_at, now)) return std::nullopt;
  return state;
}

}  // namespace vestibule::gateway
