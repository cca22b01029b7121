// Included by connection.h: how a connection reads heads and finds who answers.
#pragma once

#include <spdlog/spdlog.h>

#include <utility>

namespace vestibule::http {

inline constexpr std::size_t lingering_bytes = 1024 * 1024;

template <class Stream>
Connection<Stream>::Connection(Worker& worker, Stream stream, Accepted accepted)
    : worker_(worker),
      stream_(std::move(stream)),
      accepted_(std::move(accepted)),
      read_watchdog_(stream_.executor(),
                     [this] {
                       read_timed_out_ = true;
                       stream_.cancel();
                     }),
      write_watchdog_(stream_.executor(), [this] {
        write_timed_out_ = true;
        stream_.cancel();
      }) {
  worker_.connections().insert(this);
  draining_ = worker_.draining();
  if (auto* const observer = worker_.shared().observer) observer->connection_opened();
}

template <class Stream>
Connection<Stream>::~Connection() {
  worker_.connections().erase(this);
  stream_.close();
  auto& shared = worker_.shared();
  if (shared.observer != nullptr) shared.observer->connection_closed();
  shared.per_address.leave(accepted_.peer);
  const std::lock_guard lock(shared.mutex);
  shared.connections.fetch_sub(1);
  shared.connection_ended.notify_all();
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::run() {
  const auto keep_alive = this->shared_from_this();
  try {
    bool ready = true;
    if constexpr (requires { &Stream::handshake; }) ready = co_await shake_hands();
    while (ready && co_await read_head() == Next::request) {
      co_await serve();
      report();
      if (co_await settle() == Next::end) break;
    }
    if (unread_) co_await linger();
  } catch (const Disconnected&) {
    // Nobody is left to be told.
  } catch (const std::exception& error) {
    spdlog::error("connection: {}", error.what());
  }
  stop_watching();
  if (!aborted_) stream_.say_goodbye();
  stream_.close();
}

/// Only streams that begin with a handshake have one. It has as much time as a head.
template <class Stream>
boost::asio::awaitable<bool> Connection<Stream>::shake_hands() {
  ErrorCode error;
  read_watchdog_.expect_within(limits().header_timeout);
  co_await stream_.handshake(error);
  read_watchdog_.rest();
  read_timed_out_ = false;
  if (error) {
    spdlog::debug("tls: no handshake with {}: {}", accepted_.peer.to_string(), error.message());
  }
  co_return !error;
}

template <class Stream>
void Connection<Stream>::drain() {
  draining_ = true;
  if (idle_) stream_.cancel();
}

template <class Stream>
void Connection<Stream>::cut() {
  aborted_ = true;
  stream_.close();
  if (const auto gone = std::exchange(gone_, nullptr)) gone();
}

template <class Stream>
void Connection<Stream>::begin_request() {
  request_ = Request{};
  control_ = {};
  body_ = {};
  body_received_ = 0;
  body_waited_ = {};
  continue_due_ = body_stopped_ = false;
  site_ = nullptr;
  route_ = nullptr;
  allow_.clear();
  status_ = 0;
  head_written_ = finished_ = body_suppressed_ = false;
  body_sent_ = 0;
}

template <class Stream>
auto Connection<Stream>::read_head() -> boost::asio::awaitable<Next> {
  const HeadLimits head_limits{limits().header_bytes, limits().header_count};
  HeadScanner scanner;
  begin_request();
  for (bool first = true;; first = false) {
    if (!buffer_.empty()) {
      const auto length = scanner.scan(buffer_.view(), head_limits);
      std::optional<WireError> refused;
      if (!length) {
        refused = length.error();
      } else if (*length) {
        started_ = std::chrono::steady_clock::now();
        read_watchdog_.rest();
        idle_ = false;
        auto control =
            parse_request_head(buffer_.view().substr(0, **length), head_limits, request_);
        if (control) {
          buffer_.consume(**length);
          control_ = *control;
          body_ = BodyDecoder(control_.framing);
          continue_due_ = control_.expects_continue;
          describe_client();
          served_ = true;
          co_return Next::request;
        }
        refused = control.error();
      }
      if (refused) {
        co_await refuse_head(*refused);
        co_return Next::end;
      }
      // The clock runs from the first byte of a head, however slowly the others drip in.
      if (std::exchange(idle_, false) || first)
        read_watchdog_.expect_within(limits().header_timeout);
    } else {
      idle_ = true;
      if (draining_) co_return Next::end;
      buffer_.shrink();
      read_watchdog_.expect_within(served_ ? limits().idle_timeout : limits().header_timeout);
    }
    ErrorCode error;
    const auto room = buffer_.prepare(limits().header_bytes);
    const auto received = co_await stream_.read_some(room, error);
    if (error) {
      if (read_timed_out_ && !idle_) {
        read_timed_out_ = false;
        const Problem problem{ProblemKind::request_timeout, "the request came too slowly"};
        unread_ = close_after_ = true;
        started_ = std::chrono::steady_clock::now();
        request_.received_at = worker_.shared().clock.now();
        co_await respond_problem(problem);
        report();
      }
      co_return Next::end;
    }
    buffer_.commit(received);
  }
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::refuse_head(WireError error) {
  read_watchdog_.rest();
  idle_ = false;
  unread_ = close_after_ = true;
  started_ = std::chrono::steady_clock::now();
  request_.received_at = worker_.shared().clock.now();
  request_.request_id = worker_.next_request_id();
  auto response = Response::text(status_of(error), std::string(to_string(error)) + "\n");
  co_await respond(std::move(response));
  report();
}

template <class Stream>
void Connection<Stream>::describe_client() {
  request_.received_at = worker_.shared().clock.now();
  request_.request_id = worker_.next_request_id();
  request_.transport = accepted_.transport;
  request_.scheme = accepted_.scheme;
  request_.peer_address = accepted_.peer;
  request_.client_address = accepted_.peer;
  body_limit_ = std::numeric_limits<std::uint64_t>::max();
  const auto& trusted = accepted_.transport == Transport::tcp
                            ? worker_.shared().options.trusted_proxies
                            : worker_.shared().local_trusted;
  if (contains(trusted, accepted_.peer)) {
    const auto forwarded = request_.headers.find_all("X-Forwarded-For");
    request_.client_address = resolve_client(accepted_.peer, forwarded, trusted);
    const auto schemes = request_.headers.find_all("X-Forwarded-Proto");
    if (schemes.size() == 1 && (schemes[0] == "http" || schemes[0] == "https"))
      request_.scheme = schemes[0];
  }
  if (request_.headers.count("traceparent") == 1)
    request_.trace = TraceParent::parse(*request_.headers.find("traceparent"));
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::serve() {
  std::exception_ptr failure;
  try {
    co_await dispatch();
    if (!finished_ && !aborted_) throw std::logic_error("the handler gave no whole answer");
  } catch (...) {
    failure = std::current_exception();
  }
  stop_watching();
  if (failure) co_await answer_failure(std::move(failure));
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::dispatch() {
  site_ = (*accepted_.select)(request_);
  if (site_ == nullptr) {
    Problem problem{ProblemKind::misdirected, "no site here has that host name"};
    co_return co_await respond_problem(std::move(problem));
  }
  auto match = site_->router.match(request_.method, request_.path);
  route_ = match.route;
  if (route_ == nullptr) {
    if (!match.allow.empty()) {
      allow_ = std::move(match.allow);
      Problem problem{ProblemKind::method_not_allowed,
                      "this path does not take the method " + request_.method};
      co_return co_await respond_problem(std::move(problem));
    }
    if (site_->fallback) co_return co_await site_->fallback(*this);
    Problem problem{ProblemKind::not_found, "there is nothing at this path"};
    co_return co_await respond_problem(std::move(problem));
  }
  request_.parameters = std::move(match.parameters);
  body_limit_ = route_->options.body_limit;
  if (route_->stream_handler) co_return co_await route_->stream_handler(*this);
  if (has_body()) {
    if (const auto length = content_length(); length && *length <= body_limit_)
      request_.body.reserve(static_cast<std::size_t>(*length));
    for (;;) {
      const auto piece = co_await read_body();
      if (piece.empty()) break;
      request_.body.append(piece);
    }
  }
  auto response = co_await route_->handler(request_);
  co_await respond(std::move(response));
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::answer_failure(std::exception_ptr failure) {
  Problem problem;
  try {
    std::rethrow_exception(failure);
  } catch (const Disconnected&) {
    aborted_ = true;
    co_return;
  } catch (const BodyRefused& refused) {
    problem = refused.problem;
    close_after_ = unread_ = true;
  } catch (const std::exception& error) {
    problem.message = "something went wrong here; the request id names it in our log";
    if (site_ != nullptr && site_->classify) problem.kind = site_->classify(failure);
    if (problem.kind == ProblemKind::unavailable)
      problem.message = "a part that this needs does not answer; try again later";
    spdlog::error("request id={} method={} path={} failed: {}", request_.request_id,
                  request_.method, logged_path(), error.what());
  } catch (...) {
    problem.message = "something went wrong here; the request id names it in our log";
    spdlog::error("request id={} failed with a foreign exception", request_.request_id);
  }
  if (head_written_) {
    abort();
    co_return;
  }
  co_await respond_problem(std::move(problem));
}

template <class Stream>
Response Connection<Stream>::render(const Problem& problem) const {
  try {
    if (route_ != nullptr && route_->options.errors)
      return route_->options.errors(request_, problem);
    if (site_ != nullptr && site_->errors) return site_->errors(request_, problem);
  } catch (const std::exception& error) {
    spdlog::error("request id={}: the error renderer failed: {}", request_.request_id,
                  error.what());
  }
  return Response::text(status_of(problem.kind), problem.message + "\n");
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::respond_problem(Problem problem) {
  if (request_.request_id.empty()) request_.request_id = worker_.next_request_id();
  auto response = render(problem);
  if (response.status == 200) response.status = status_of(problem.kind);
  if (problem.kind == ProblemKind::method_not_allowed) response.headers.set("Allow", allow_);
  if (problem.kind == ProblemKind::unavailable) response.headers.set("Retry-After", "5");
  co_await respond(std::move(response));
}

/// Makes the connection ready for the next head: what is left of the body goes.
template <class Stream>
auto Connection<Stream>::settle() -> boost::asio::awaitable<Next> {
  if (aborted_ || close_after_) {
    unread_ = unread_ || !body_.done();
    co_return Next::end;
  }
  if (!body_.done()) {
    try {
      while (!(co_await read_body()).empty()) continue;
    } catch (const BodyRefused&) {
      co_return Next::end;
    }
  }
  buffer_.consume(std::exchange(body_piece_, 0));
  co_return Next::request;
}

/// Reads on for a while after an answer that did not wait for the whole request: closing a socket
/// with unread bytes resets it, and the client would lose the answer.
template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::linger() {
  if (aborted_) co_return;
  stream_.shutdown_send();
  read_watchdog_.expect_within(limits().linger);
  std::array<char, 4096> sink;
  for (std::size_t total = 0; total < lingering_bytes;) {
    ErrorCode error;
    const auto received = co_await stream_.read_some(sink, error);
    if (error) break;
    total += received;
  }
  read_watchdog_.rest();
}

/// As sent: a decoded path could hold spaces and imitate the fields that follow it.
template <class Stream>
std::string_view Connection<Stream>::logged_path() const {
  return std::string_view(request_.target).substr(0, request_.target.find('?'));
}

template <class Stream>
void Connection<Stream>::report() {
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started_);
  const std::string_view route = route_ != nullptr ? std::string_view(route_->options.name)
                                 : site_ != nullptr && site_->fallback && allow_.empty()
                                     ? std::string_view("fallback")
                                     : std::string_view("none");
  if (auto* const observer = worker_.shared().observer) {
    static constexpr std::array<std::string_view, 7> known{"GET",    "HEAD",  "POST",   "PUT",
                                                           "DELETE", "PATCH", "OPTIONS"};
    RequestRecord record;
    record.site = site_ != nullptr ? std::string_view(site_->name) : std::string_view("none");
    record.route = route;
    record.method = std::ranges::find(known, request_.method) != known.end()
                        ? std::string_view(request_.method)
                        : std::string_view("OTHER");
    record.status = status_;
    record.duration = duration;
    observer->request_done(record);
  }
  if (spdlog::should_log(spdlog::level::info)) {
    spdlog::info("request id={} method={} path={} status={} us={} route={}{}{}",
                 request_.request_id, request_.method, logged_path(), status_, duration.count(),
                 route, request_.trace ? " trace=" : "",
                 request_.trace ? std::string_view(request_.trace->trace_id) : "");
  }
}

}  // namespace vestibule::http
