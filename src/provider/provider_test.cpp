#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "http/forms.h"
#include "oauth/discovery.h"
#include "oauth/test_support.h"
#include "provider/authorize_request.h"
#include "provider/context.h"
#include "provider/oauth_http.h"
#include "provider/token_endpoint.h"

namespace vestibule::provider {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Pages that only say which one they are.
class FakePages final : public SignIn {
 public:
  std::optional<BrowserSession> session;

  std::optional<BrowserSession> current(const http::RequestHead&) const override { return session; }
  http::Response start(std::string_view token, std::string_view hint) const override {
    return http::Response::redirect("/ui/login?request=" + std::string(token) +
                                    "&hint=" + std::string(hint));
  }
  http::Response ask_consent(const ConsentQuestion& question) const override {
    return http::Response::html(200, question.words.text() + "?" + question.token);
  }
  http::Response confirm_logout(const Fields& fields) const override {
    return http::Response::html(200, "confirm " + fields.at(0).second);
  }
  http::Response form_post(std::string_view uri, const Fields& fields) const override {
    return http::Response::html(200, std::string(uri) + " " + http::encode_form(fields));
  }
  http::Response error_page(const oauth::Error& error) const override {
    return http::Response::html(error.status, "page " + error.description);
  }
  http::Response signed_out(const SignedOut& done) const override {
    std::string html = "signed out" + done.location;
    for (const auto& frame : done.frames) html += " frame " + frame;
    return http::Response::html(200, html);
  }
  void clear_cookie(http::Response& response) const override {
    response.headers.set("X-Cleared", "yes");
  }
};

/// An io thread. It is a base before the store, since the store's writer completes into it.
struct IoThread {
  IoThread() : runner([this] { io.run(); }) {}
  ~IoThread() {
    io.stop();
    runner.join();
  }
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
  std::thread runner;
};

class ProviderTest : IoThread, public oauth::OAuthTest {
 protected:
  ProviderTest()
      : endpoints{*store,   clock,  random,      oauth::TestKeys::shared().ring,
                  purposes, issuer, sessions,    refresh_key,
                  cpu,      pages,  client_keys, references} {
    add_provider_routes(router, endpoints);
  }

  http::Response call(http::Request request) {
    const auto match = router.match(request.method, request.path);
    if (!match.route) throw std::runtime_error("no route for " + request.path);
    auto answer = boost::asio::co_spawn(io, match.route->handler(request), boost::asio::use_future);
    EXPECT_EQ(answer.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    return answer.get();
  }
  http::Response get(std::string path, const Fields& query = {}, http::HeaderList headers = {}) {
    http::Request request;
    request.method = "GET";
    request.path = std::move(path);
    request.query = http::encode_form(query);
    request.headers = std::move(headers);
    return call(std::move(request));
  }
  http::Response post(std::string path, const Fields& form, http::HeaderList headers = {}) {
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.body = http::encode_form(form);
    request.headers = std::move(headers);
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    return call(std::move(request));
  }
  Fields exchange_form() const {
    return {{"grant_type", std::string(oauth::grant_token_exchange)},
            {"subject_token", guest.subject()},
            {"subject_token_type", std::string(oauth::token_type_user_id)},
            {"actor_token", service_token},
            {"actor_token_type", std::string(oauth::token_type_access_token)},
            {"scope", "openid profile"},
            {"client_id", confidential.client_id()},
            {"client_secret", oauth::test_secret}};
  }
  Fields authorize_query() const {
    return {{"client_id", confidential.client_id()},
            {"redirect_uri", oauth::test_redirect},
            {"response_type", "code"},
            {"scope", "openid"},
            {"state", "s"},
            {"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
            {"code_challenge_method", "S256"},
            {"login_hint", "me"}};
  }
  void browser_signs_in() {
    pages.session = BrowserSession{sign_in(account.id), account.id, now(), "pwd"};
  }
  static std::string location(const http::Response& response) {
    return std::string(response.headers.find("Location").value_or(""));
  }
  static std::string parameter(const std::string& url, std::string_view name) {
    return http::Form::parse(url.substr(url.find('?') + 1)).value().get(name);
  }

  FakePages pages;
  async::CpuPool cpu{{.threads = 1}};
  RemoteKeySets client_keys{[](const std::string&) { return std::nullopt; }, cpu, clock};
  const RequestReferences references{
      [this](const std::string&) -> oauth::Result<std::string> { return request_object; }, cpu};
  std::string request_object;  ///< what stands behind every request_uri
  ProviderContext endpoints;
  http::Router router;
};

TEST_F(ProviderTest, MetadataAndKeysAreWhereZitadelHasThem) {
  const auto document = get(oauth::paths::openid_configuration);
  EXPECT_EQ(document.status, 200);
  for (const auto* part : {R"("issuer":"http://127.0.0.1:8081")", "token-exchange",
                           "http://127.0.0.1:8081/oauth/v2/keys"}) {
    EXPECT_NE(document.body.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(get(oauth::paths::authorization_server).body, document.body);
  const auto keys = get(oauth::paths::keys);
  EXPECT_EQ(keys.headers.find("Cache-Control"), "max-age=300, must-revalidate");
  EXPECT_NE(keys.body.find("\"kid\""), std::string::npos);
  EXPECT_EQ(get("/debug/healthz").body, "ok");
  EXPECT_EQ(get("/debug/ready").body, R"("ok")");
}

TEST_F(ProviderTest, AnExchangeIsAnsweredAndNotStored) {
  const auto response = post(oauth::paths::token, exchange_form());
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.find("Pragma"), "no-cache");
  EXPECT_NE(response.body.find(R"("expires_in":43199)"), std::string::npos);
  EXPECT_NE(response.body.find(R"("id_token":")"), std::string::npos);
}

TEST_F(ProviderTest, ATokenRequestThatIsWrongGetsTheRecordedError) {
  const auto answer = [&](Fields form, http::HeaderList headers = {}) {
    const auto response = post(oauth::paths::token, form, std::move(headers));
    return std::to_string(response.status) + " " + response.body;
  };
  const auto with = [&](std::string_view name, std::string value) {
    auto form = exchange_form();
    std::erase_if(form, [&](const auto& f) { return f.first == name; });
    if (!value.empty()) form.emplace_back(name, std::move(value));
    return form;
  };
  const auto error = [](std::string_view code, std::string_view description) {
    return R"({"error":")" + std::string(code) + R"(","error_description":")" +
           std::string(description) + "\"}";
  };
  EXPECT_EQ(answer(with("client_secret", "wrong")),
            "400 " + error("invalid_client", "invalid secret"));
  EXPECT_EQ(answer(with("client_id", "1234567")),
            "400 " + error("invalid_client", "no active client not found"));
  EXPECT_EQ(answer(with("client_id", "")),
            "400 " + error("invalid_request", "client_id or client_assertion must be provided"));
  EXPECT_EQ(answer(with("grant_type", "")),
            "400 " + error("invalid_request", "grant_type missing"));
  EXPECT_EQ(answer(with("grant_type", "foo")),
            "400 " + error("unsupported_grant_type", "foo not supported"));
  auto doubled = exchange_form();
  doubled.emplace_back("scope", "openid");
  EXPECT_EQ(answer(doubled), "400 " + error("invalid_request", "a parameter is given twice"));
  EXPECT_EQ(answer(exchange_form(), {{"Authorization", "Bearer stray"}}).substr(0, 3), "200");
}

TEST_F(ProviderTest, AWrongSecretWithBasicIsChallenged) {
  auto form = exchange_form();
  form.resize(form.size() - 2);
  const auto credentials = "Basic " + base::to_base64(confidential.client_id() + ":wrong");
  const auto response = post(oauth::paths::token, form, {{"Authorization", credentials}});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Basic realm=\"vestibule\"");
  EXPECT_EQ(get(oauth::paths::token).status, 400);
}

TEST_F(ProviderTest, OtherMediaTypesAreRefused) {
  http::Request request;
  request.method = "POST";
  request.path = oauth::paths::token;
  request.headers.add("Content-Type", "application/json");
  request.body = "{}";
  EXPECT_EQ(call(std::move(request)).status, 400);
}

TEST_F(ProviderTest, ASignInGoesThroughThePagesAndComesBackWithACode) {
  const auto away = get(oauth::paths::authorize, authorize_query());
  ASSERT_TRUE(location(away).starts_with("/ui/login?request=")) << away.body;
  EXPECT_EQ(parameter(location(away), "hint"), "me");
  const auto token = parameter(location(away), "request");
  // Without a sign-in it leads back to the page.
  EXPECT_TRUE(location(get(oauth::paths::authorize_continue, {{"request", token}}))
                  .starts_with("/ui/login"));
  browser_signs_in();
  const auto back = location(get(oauth::paths::authorize_continue, {{"request", token}}));
  ASSERT_TRUE(back.starts_with(oauth::test_redirect)) << back;
  EXPECT_EQ(parameter(back, "state"), "s");
  EXPECT_EQ(parameter(back, "iss"), oauth::test_issuer);
  const auto tokens = post(oauth::paths::token, {{"grant_type", "authorization_code"},
                                                 {"code", parameter(back, "code")},
                                                 {"redirect_uri", oauth::test_redirect},
                                                 {"code_verifier", oauth::test_verifier},
                                                 {"client_id", confidential.client_id()},
                                                 {"client_secret", oauth::test_secret}});
  EXPECT_EQ(tokens.status, 200) << tokens.body;
}

TEST_F(ProviderTest, PromptLoginIsNotSatisfiedByAnOlderSession) {
  browser_signs_in();
  clock.advance(base::Seconds{5});
  auto query = authorize_query();
  query.emplace_back("prompt", "login");
  const auto token = parameter(location(get(oauth::paths::authorize, query)), "request");
  EXPECT_TRUE(location(get(oauth::paths::authorize_continue, {{"request", token}}))
                  .starts_with("/ui/login"));
  clock.advance(base::Seconds{5});
  browser_signs_in();
  EXPECT_TRUE(location(get(oauth::paths::authorize_continue, {{"request", token}}))
                  .starts_with(oauth::test_redirect));
}

TEST_F(ProviderTest, ErrorsOfTheAuthorizationEndpointGoWhereTheyMay) {
  auto query = authorize_query();
  query[1].second = "http://evil/";
  const auto program = get(oauth::paths::authorize, query);
  EXPECT_EQ(program.status, 400);
  EXPECT_NE(program.body.find("The requested redirect_uri is missing"), std::string::npos);
  EXPECT_TRUE(
      get(oauth::paths::authorize, query, {{"Accept", "text/html,*/*"}}).body.starts_with("page "));
  query = authorize_query();
  query.emplace_back("prompt", "none");
  EXPECT_EQ(parameter(location(get(oauth::paths::authorize, query)), "error"), "login_required");
}

TEST_F(ProviderTest, TheAnswerTravelsInTheModeThatWasAskedFor) {
  browser_signs_in();
  const auto answer = [&](std::string mode, const Fields& more = {}) {
    auto query = authorize_query();
    query.emplace_back("response_mode", std::move(mode));
    query.insert(query.end(), more.begin(), more.end());
    const auto response = get(oauth::paths::authorize, query);
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
    EXPECT_EQ(response.headers.find("Referrer-Policy"), "no-referrer");
    return response.body + location(response);
  };
  const std::string uri = oauth::test_redirect;
  EXPECT_TRUE(answer("query").starts_with(uri + "?code="));
  EXPECT_TRUE(answer("fragment").starts_with(uri + "#code="));
  EXPECT_TRUE(answer("form_post").starts_with(uri + " code="));
  EXPECT_TRUE(answer("jwt").starts_with(uri + "?response=eyJ"));
  EXPECT_TRUE(answer("fragment.jwt").starts_with(uri + "#response=eyJ"));
  EXPECT_TRUE(answer("form_post.jwt").starts_with(uri + " response=eyJ"));
  EXPECT_TRUE(answer("form_post", {{"prompt", "dance"}}).starts_with(uri + " error="));
  EXPECT_TRUE(answer("jwt", {{"prompt", "dance"}}).starts_with(uri + "?response=eyJ"));
  EXPECT_TRUE(answer("dance").starts_with(uri + "?error=invalid_request"));
}

TEST_F(ProviderTest, APendingRequestOpensUnchangedAndInTimeOnly) {
  const keys::Sealer sealer(purposes, random);
  const PendingAuthorization pending{{oauth::Parameters(authorize_query())}, now()};
  const auto token = seal_pending(sealer, oauth::test_issuer, pending, now());
  const auto opened = open_pending(sealer, oauth::test_issuer, token, now());
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->request.parameters.fields(), authorize_query());
  EXPECT_EQ(opened->started_at, now());
  EXPECT_FALSE(open_pending(sealer, "http://other", token, now()));
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto edited = token;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_pending(sealer, oauth::test_issuer, edited, now())) << i;
  }
  clock.advance(sign_in_time + base::Milliseconds{1});
  EXPECT_FALSE(open_pending(sealer, oauth::test_issuer, token, now()));
  EXPECT_EQ(get(oauth::paths::authorize_continue, {{"request", token}}).status, 400);
  EXPECT_EQ(get(oauth::paths::authorize_continue).status, 400);
}

TEST_F(ProviderTest, ASignOutWithoutAHintIsAskedAboutFirst) {
  browser_signs_in();
  const auto session = pages.session->id;
  const auto alive = [&] {
    return read(
        [&](store::Transaction& tx) { return sessions.find(tx, session, now()).has_value(); });
  };
  const auto question = get(oauth::paths::end_session);
  ASSERT_TRUE(question.body.starts_with("confirm "));
  const auto confirm = question.body.substr(8);
  EXPECT_EQ(post(oauth::paths::end_session, {{"confirm", confirm}}).status, 403);
  const http::HeaderList same_origin = {{"Sec-Fetch-Site", "same-origin"}};
  EXPECT_EQ(post(oauth::paths::end_session, {{"confirm", "x" + confirm}}, same_origin).status, 400);
  EXPECT_EQ(get(oauth::paths::end_session, {{"confirm", confirm}}, same_origin).status, 403);
  EXPECT_TRUE(alive());
  const auto done = post(oauth::paths::end_session, {{"confirm", confirm}}, same_origin);
  EXPECT_EQ(done.body, "signed out");
  EXPECT_TRUE(done.headers.contains("X-Cleared"));
  EXPECT_FALSE(alive());
}

TEST_F(ProviderTest, AHintThatNamesTheSessionEndsItUnasked) {
  browser_signs_in();
  const auto hint = issuer.sign_id_token({.subject = account.subject(),
                                          .audience = {confidential.client_id()},
                                          .client_id = confidential.client_id(),
                                          .issued_at = now(),
                                          .expires_at = now() + base::Seconds{1},
                                          .session = pages.session->id},
                                         jose::Algorithm::rs256);
  const Fields query = {{"id_token_hint", hint},
                        {"post_logout_redirect_uri", "http://localhost:3100/"},
                        {"state", "x"}};
  EXPECT_EQ(location(get(oauth::paths::end_session, query)), "http://localhost:3100/?state=x");
  browser_signs_in();
  EXPECT_TRUE(get(oauth::paths::end_session, query).body.starts_with("confirm "));
}

TEST_F(ProviderTest, UserinfoTakesOneBearerToken) {
  const auto token = issuer.seal_access_token({.subject = guest.subject(),
                                               .audience = {confidential.client_id()},
                                               .client_id = confidential.client_id(),
                                               .scope = "openid",
                                               .issued_at = now(),
                                               .expires_at = now() + base::Seconds{60},
                                               .jti = issuer.new_jti(now())});
  const http::HeaderList bearer = {{"Authorization", "Bearer " + token}};
  EXPECT_EQ(get(oauth::paths::userinfo, {}, bearer).body, R"({"sub":"101"})");
  EXPECT_EQ(post(oauth::paths::userinfo, {{"access_token", token}}).status, 200);
  EXPECT_EQ(post(oauth::paths::userinfo, {{"access_token", token}}, bearer).status, 400);
  EXPECT_EQ(get(oauth::paths::userinfo, {{"access_token", token}}).status, 401);
  const auto missing = get(oauth::paths::userinfo);
  EXPECT_EQ(missing.status, 401);
  EXPECT_NE(missing.body.find("access token missing"), std::string::npos);
  const auto garbage = get(oauth::paths::userinfo, {}, {{"Authorization", "Bearer garbage"}});
  EXPECT_EQ(garbage.status, 401);
  EXPECT_NE(garbage.headers.find("WWW-Authenticate")->find("invalid_token"), std::string::npos);
}

TEST_F(ProviderTest, UserinfoIsSignedForTheClientsThatAskForIt) {
  confidential.userinfo_algorithm = jose::Algorithm::rs256;
  write([&](store::Transaction& tx) { oauth::update_client(tx, confidential, now()); });
  const auto token = issuer.seal_access_token({.subject = guest.subject(),
                                               .audience = {confidential.client_id()},
                                               .client_id = confidential.client_id(),
                                               .scope = "openid",
                                               .issued_at = now(),
                                               .expires_at = now() + base::Seconds{60},
                                               .jti = issuer.new_jti(now())});
  const auto answer = post(oauth::paths::userinfo, {{"access_token", token}});
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/jwt");
  EXPECT_EQ(answer.headers.find("Cache-Control"), "no-store");
  const auto jws = jose::parse_compact(answer.body);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->algorithm, jose::Algorithm::rs256);
  EXPECT_TRUE(jose::verify_jws(*jws, oauth::TestKeys::shared().ring.ring()->verification_keys(),
                               {jose::Algorithm::rs256}));
  EXPECT_NE(jws->payload.find(R"("aud":"201","sub":"101")"), std::string::npos) << jws->payload;
  // It is no ID token of ours: those expire.
  EXPECT_FALSE(issuer.parse_id_token(answer.body, jose::Expiry::ignored, now()));
}

TEST_F(ProviderTest, IntrospectionAndRevocationNeedAToken) {
  const Fields client = {{"client_id", confidential.client_id()},
                         {"client_secret", oauth::test_secret}};
  EXPECT_EQ(post(oauth::paths::introspect, client).status, 400);
  EXPECT_EQ(post(oauth::paths::revoke, client).status, 400);
  auto form = client;
  form.emplace_back("token", "garbage");
  EXPECT_EQ(post(oauth::paths::introspect, form).body, R"({"active":false})");
  EXPECT_EQ(post(oauth::paths::revoke, form).status, 200);
  form[1].second = "wrong";
  EXPECT_EQ(post(oauth::paths::introspect, form).status, 400);
  EXPECT_EQ(post(oauth::paths::revoke, form).status, 400);
}

TEST_F(ProviderTest, APreflightIsAnswered) {
  http::Request request;
  request.method = "OPTIONS";
  request.path = oauth::paths::token;
  const auto response = call(std::move(request));
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), "*");
}

}  // namespace
}  // namespace vestibule::provider
