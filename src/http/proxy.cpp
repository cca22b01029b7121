#include "http/proxy.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "base/text.h"
#include "http/tunnel.h"
#include "http/upstream.h"

namespace vestibule::http {

namespace asio = boost::asio;

namespace {

/// RFC 9110 9.2.2.
bool is_idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 6> methods{"GET", "HEAD",   "OPTIONS",
                                                           "PUT", "DELETE", "TRACE"};
  return std::ranges::find(methods, method) != methods.end();
}

bool wants_websocket(const RequestHead& head) {
  return head.method == "GET" && head.version == Version::http_1_1 &&
         head.headers.count("Upgrade") == 1 && equal_names(*head.header("Upgrade"), "websocket") &&
         std::ranges::any_of(head.headers.find_all("Connection"), [](std::string_view value) {
           return list_contains(value, "upgrade");
         });
}

/// One forwarding: the request goes up in a coroutine of its own while the answer comes down.
class Forwarding {
 public:
  Forwarding(Exchange& exchange, const UpstreamPool& pool, ForwardOptions options,
             asio::any_io_executor executor)
      : exchange_(exchange),
        pool_(pool),
        options_(std::move(options)),
        executor_(executor),
        idle_(asio::use_service<IdleConnections>(asio::query(executor, asio::execution::context))),
        upload_ended_(executor) {
    upload_ended_.expires_at(std::chrono::steady_clock::time_point::max());
  }

  asio::awaitable<void> run() {
    write_request_head();
    std::exception_ptr failure;
    try {
      co_await exchange_messages();
    } catch (...) {
      failure = std::current_exception();
    }
    exchange_.on_disconnect({});
    co_await end_upload();
    if (failure) {
      upstream_.reset();
      co_await answer_failure(std::move(failure));
    } else if (upstream_ && !upload_failure_ && !upload_cut_ && upstream_->reusable()) {
      idle_.put(pool_, std::move(upstream_), executor_);
    }
  }

 private:
  void write_request_head() {
    auto& head = exchange_.head();
    upgrade_ =
        options_.upgrades == Upgrades::websocket && wants_websocket(head) && !exchange_.has_body();
    auto& fields = options_.headers;
    remove_hop_by_hop(fields);
    fields.remove("Content-Length");
    // We answer the expectation ourselves when the upload begins to read.
    fields.remove("Expect");
    const auto& target = options_.target.empty() ? head.target : options_.target;
    request_head_ = head.method + " " + target + " HTTP/1.1\r\n";
    for (const auto& [name, value] : fields) {
      if (!valid_field_name(name) || !valid_field_value(value))
        throw std::logic_error("a malformed field for the upstream");
      request_head_.append(name).append(": ").append(value).append("\r\n");
    }
    if (const auto length = exchange_.content_length()) {
      request_head_ += fmt::format("Content-Length: {}\r\n", *length);
    } else if (exchange_.has_body()) {
      request_head_ += "Transfer-Encoding: chunked\r\n";
    } else if (head.method == "POST" || head.method == "PUT" || head.method == "PATCH") {
      request_head_ += "Content-Length: 0\r\n";
    }
    if (upgrade_) request_head_ += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    request_head_ += "\r\n";
  }

  asio::awaitable<void> exchange_messages() {
    auto answer = co_await request_answer();
    if (answer.status == 101) co_return co_await switch_protocols(std::move(answer));
    BodyFraming framing;
    if (answer.framing.kind == Framing::Kind::none) framing.kind = BodyFraming::Kind::none;
    if (answer.framing.kind == Framing::Kind::length)
      framing = {BodyFraming::Kind::length, answer.framing.length};
    co_await exchange_.write_head(client_head(std::move(answer)), framing);
    for (;;) {
      const auto piece = co_await upstream_->read_body(options_.body_timeout);
      if (piece.empty()) break;
      co_await exchange_.write_body(piece);
    }
    co_await exchange_.finish();
  }

  Response client_head(ResponseHead answer) const {
    Response response;
    response.status = answer.status;
    response.headers = std::move(answer.headers);
    remove_hop_by_hop(response.headers);
    if (options_.edit_head) options_.edit_head(response);
    return response;
  }

  /// Sends the request and waits for the answer's head; a pooled connection that turns out dead is
  /// replaced once.
  asio::awaitable<ResponseHead> request_answer() {
    upstream_ = idle_.take(pool_);
    if (upstream_ != nullptr) {
      bool stale = false;
      try {
        co_return co_await attempt();
      } catch (const UpstreamFailure& failure) {
        stale = failure.kind == UpstreamFailure::Kind::closed && !client_gone_ &&
                !exchange_.has_body() && is_idempotent(exchange_.head().method);
        if (!stale) throw;
      }
      exchange_.on_disconnect({});
    }
    upstream_ = co_await connect_upstream(pool_);
    co_return co_await attempt();
  }

  asio::awaitable<ResponseHead> attempt() {
    co_await upstream_->write(request_head_, {}, options_.body_timeout);
    if (exchange_.has_body()) {
      uploading_ = true;
      asio::co_spawn(executor_, upload(), asio::detached);
    } else {
      upload_complete_ = true;
    }
    co_return co_await await_head();
  }

  asio::awaitable<ResponseHead> await_head() {
    // The clock has to know that a head is awaited before it can be started.
    upstream_->expect_head();
    if (upload_complete_) request_is_out();
    auto head = co_await upstream_->read_head(exchange_.head().method);
    if (head.status == 101 && !switches_to_websocket(head))
      throw UpstreamFailure(UpstreamFailure::Kind::protocol, "it switched protocols unasked");
    co_return head;
  }

  bool switches_to_websocket(const ResponseHead& head) const {
    return upgrade_ && head.headers.count("Upgrade") == 1 &&
           equal_names(*head.headers.find("Upgrade"), "websocket");
  }

  void request_is_out() {
    upstream_->start_clock(options_.response_timeout);
    exchange_.on_disconnect([this] {
      client_gone_ = true;
      if (upstream_) upstream_->close();
    });
  }

  asio::awaitable<void> upload() {
    try {
      const bool chunked = !exchange_.content_length();
      std::string size;
      for (bool first = true;; first = false) {
        const auto piece = co_await exchange_.read_body();
        if (piece.empty()) break;
        size.clear();
        if (chunked) {
          if (!first) size += "\r\n";
          append_chunk_size(size, piece.size());
        }
        sent_ = true;
        co_await upstream_->write(size, piece, options_.body_timeout);
      }
      const std::string_view last = sent_ ? "\r\n0\r\n\r\n" : "0\r\n\r\n";
      if (chunked) co_await upstream_->write(last, {}, options_.body_timeout);
      upload_complete_ = true;
      request_is_out();
    } catch (const UpstreamFailure&) {
      // It may have answered already without wanting the rest (413): the answer decides.
      upload_cut_ = true;
      upstream_->start_clock(options_.response_timeout);
    } catch (...) {
      upload_failure_ = std::current_exception();
      upstream_->close();
    }
    uploading_ = false;
    upload_ended_.cancel();
  }

  /// After this nothing of the upload runs any more.
  asio::awaitable<void> end_upload() {
    if (!uploading_) co_return;
    upload_cut_ = true;
    exchange_.stop_body();
    upstream_->close();
    ErrorCode ignored;
    while (uploading_)
      co_await upload_ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::awaitable<void> switch_protocols(ResponseHead answer) {
    exchange_.on_disconnect({});
    auto response = client_head(std::move(answer));
    response.headers.set("Upgrade", "websocket");
    auto* const client = co_await exchange_.upgrade(std::move(response));
    co_await run_tunnel(*client, *upstream_, options_.tunnel_idle_timeout);
    upstream_.reset();
  }

  asio::awaitable<void> answer_failure(std::exception_ptr failure) {
    if (client_gone_) throw Disconnected("the client went away");
    if (upload_failure_ && !exchange_.head_written()) std::rethrow_exception(upload_failure_);
    Problem problem{ProblemKind::bad_gateway, "the application behind this gateway failed"};
    try {
      std::rethrow_exception(failure);
    } catch (const UpstreamFailure& cause) {
      if (cause.kind == UpstreamFailure::Kind::timeout)
        problem = {ProblemKind::gateway_timeout,
                   "the application behind this gateway did not answer in time"};
      spdlog::warn("upstream {}:{} request id={}: {}", pool_.address().host, pool_.address().port,
                   exchange_.head().request_id, cause.what());
    }
    if (exchange_.head_written()) {
      exchange_.abort();
      co_return;
    }
    auto response = options_.render_failure
                        ? options_.render_failure(problem)
                        : Response::text(status_of(problem.kind), problem.message + "\n");
    if (response.status == 200) response.status = status_of(problem.kind);
    co_await exchange_.respond(std::move(response));
  }

  Exchange& exchange_;
  const UpstreamPool& pool_;
  ForwardOptions options_;
  asio::any_io_executor executor_;
  IdleConnections& idle_;
  std::unique_ptr<UpstreamConnection> upstream_;
  std::string request_head_;
  bool upgrade_ = false;
  bool client_gone_ = false;
  bool sent_ = false;
  bool uploading_ = false;
  bool upload_complete_ = false;
  bool upload_cut_ = false;
  std::exception_ptr upload_failure_;
  asio::steady_timer upload_ended_;
};

}  // namespace

asio::awaitable<void> forward(Exchange& exchange, const UpstreamPool& pool,
                              ForwardOptions options) {
  const auto executor = co_await asio::this_coro::executor;
  Forwarding forwarding(exchange, pool, std::move(options), executor);
  co_await forwarding.run();
}

void remove_hop_by_hop(HeaderList& headers) {
  std::string named;
  for (const auto value : headers.find_all("Connection")) named.append(value).append(",");
  for (std::string_view rest = named; !rest.empty();) {
    const auto comma = rest.find(',');
    const auto name = base::trim(rest.substr(0, comma));
    // Connection must not take the fields that say whom and where the message is for.
    if (!equal_names(name, "Host") && !equal_names(name, "Content-Length")) headers.remove(name);
    rest.remove_prefix(comma + 1);
  }
  for (const auto* const name :
       {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
        "TE", "Trailer", "Transfer-Encoding", "Upgrade"})
    headers.remove(name);
}

}  // namespace vestibule::http
