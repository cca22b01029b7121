#include <utility>

#include "gateway/answers.h"
#include "gateway/api.h"
#include "gateway/input.h"
#include "gateway/pages.h"
#include "http/forms.h"

namespace vestibule::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t longest_link = 256;

class ProofApi {
 public:
  explicit ProofApi(Context& context) : context_(context) {}

  /// Comes from a mail or from the provider's page; changes nothing, cookies included.
  asio::awaitable<http::Response> show(http::Request& request) {
    const auto query = http::Form::parse(request.query);
    const auto link = query ? query->get("token") : std::string{};
    if (link.empty() || link.size() > longest_link) co_return broken_link();
    const auto visitor = context_.read_visitor(request);
    if (visitor.session) {
      base::Secret secret(link);
      SessionHandle handle = visitor.session->session;
      const auto address =
          co_await context_.provider.find_claim(std::move(handle), std::move(secret));
      if (address)
        co_return proof_page(*address, link, origin_of(context_.provider.proof_page(link)));
    }
    co_return http::Response::redirect(context_.provider.proof_page(link));
  }

  asio::awaitable<http::Response> prove(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    if (auto refusal = limit_sign_ins(context_, request)) co_return std::move(*refusal);
    const auto input = read_input(request);
    if (!input) co_return error_answer(input.error());
    const auto link = input->get("token");
    if (link.empty() || link.size() > longest_link) co_return broken_link();
    const auto visitor = context_.read_visitor(request);
    if (!visitor.session) co_return http::Response::redirect(context_.provider.proof_page(link));
    base::Secret secret(link);
    SessionHandle handle = visitor.session->session;
    const auto grant = co_await context_.provider.prove_email(std::move(handle), std::move(secret));
    if (!grant && grant.error().reason == "foreign_link")
      co_return http::Response::redirect(context_.provider.proof_page(link));
    if (!grant) co_return broken_link();
    auto answer =
        notice_page(200, "Your address is confirmed", "From now on you sign in with it.", "/");
    add_cookies(answer, context_.session.write(*grant, context_.clock.now()));
    co_return answer;
  }

 private:
  static http::Response broken_link() {
    return notice_page(410, "This link does not work any more",
                       "It was used already, or it is too old, or somebody else has confirmed this "
                       "address.",
                       "/");
  }

  Context& context_;
};

}  // namespace

void add_proof_routes(http::Router& router, Context& context) {
  const auto api = std::make_shared<ProofApi>(context);
  const http::RouteOptions options{.body_limit = std::size_t{16} * 1024, .errors = render_problem};
  router.add(
      "GET", "/guest/v1/proof", [api](http::Request& request) { return api->show(request); },
      options);
  router.add(
      "POST", "/guest/v1/proof", [api](http::Request& request) { return api->prove(request); },
      options);
}

}  // namespace vestibule::gateway
