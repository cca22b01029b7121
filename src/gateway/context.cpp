#include "gateway/context.h"

#include <stdexcept>
#include <utility>

#include "http/origin.h"
#include "http/return_to.h"

namespace vestibule::gateway {

namespace {

template <class T>
T value_or_throw(base::Result<T> result) {
  if (!result) throw std::invalid_argument(result.error().message);
  return std::move(*result);
}

GatewayOptions checked(GatewayOptions options) {
  constexpr base::Seconds longest{400LL * 24 * 3600};
  if (options.retention <= base::Seconds{0} || options.retention > longest)
    throw std::invalid_argument("the gateway's retention has to be above 0 and at most 400 days");
  const bool asked =
      !options.forward_auth.shared_secret.empty() || !options.forward_auth.peers.empty();
  if (asked && options.cookie_format == CookieFormat::jwt)
    throw std::invalid_argument(
        "forward-auth sets one cookie at most, and the cookie format jwt needs two");
  if (options.work_bits == 0 || options.work_bits > 30)
    throw std::invalid_argument("proof of work has to be of 1 to 30 bits");
  options.reserved_paths.emplace_back("/guest/v1");
  return options;
}

}  // namespace

Context::Context(GatewayOptions wanted, Dependencies dependencies)
    : options(checked(std::move(wanted))),
      provider(dependencies.provider),
      ended(dependencies.ended),
      clock(dependencies.clock),
      random(dependencies.random),
      names(value_or_throw(CookieNames::for_origin(options.public_origin))),
      rules(value_or_throw(Rules::compile(options.rules))),
      sealer(dependencies.keys, options.public_origin, dependencies.random),
      session(names, sealer, options.cookie_format, options.retention),
      ticket(names, sealer, options.cell),
      visitors(names, session, ticket, dependencies.ended, options.renew_ahead),
      guest_gate(options.guests),
      work(sealer, options.work_bits),
      sign_in_limiter(options.sign_in_rate),
      admissions({dependencies.provider, session, ticket, guest_gate, work, dependencies.clock,
                  dependencies.random}) {}

Cause Context::cause_of(const http::HeaderList& headers) const {
  return http::is_cross_site(headers, options.public_origin) ? Cause::foreign_page
                                                             : Cause::own_page;
}

std::string Context::safe_return_to(std::string_view wish) const {
  return http::valid_return_to(wish, options.reserved_paths) ? std::string(wish) : "/";
}

}  // namespace vestibule::gateway
