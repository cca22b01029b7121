#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/test_support.h"
#include "remote/zitadel_options.h"

namespace vestibule::remote::testing {

/// A request as the remote received it.
struct Received {
  std::string method;
  std::string target;
  http::HeaderList headers;
  std::string body;
};

/// What the remote sends: an answer, or bytes as they are.
struct Reply {
  int status = 200;
  std::string body = "{}";
  std::string fields = {};              ///< further lines of the head
  std::optional<std::string> raw = {};  ///< instead of all that
};

/// A remote that answers from a list, in order, the last one for ever, and remembers what it was
/// asked.
class FakeZitadel {
 public:
  explicit FakeZitadel(std::vector<Reply> replies = {{}}) : replies_(std::move(replies)) {}

  void answer(std::vector<Reply> replies) {
    const std::lock_guard lock(mutex_);
    replies_ = std::move(replies);
    next_ = 0;
  }
  /// Answers by what is asked instead.
  void answer_with(std::function<Reply(const Received&)> decide) {
    const std::lock_guard lock(mutex_);
    decide_ = std::move(decide);
  }
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  Received last() const {
    const auto all = received();
    return all.empty() ? Received{} : all.back();
  }
  std::size_t count() const { return received().size(); }
  std::string issuer() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  /// Options of a client of this remote, with a personal access token.
  ZitadelOptions options() const {
    ZitadelOptions options;
    options.issuer = issuer();
    options.organization = "org-1";
    options.client_id = "client-1";
    options.client_secret = base::Secret("client-secret-of-ours");
    options.redirect_uri = "https://shop.test/guest/v1/callback";
    options.service_token = base::Secret("personal-token-of-ours");
    options.outgoing.allowed.push_back(*http::Cidr::parse("127.0.0.0/8"));
    return options;
  }

 private:
  void serve(http::testing::RawSocket& socket) {
    const auto head = socket.read_through("\r\n\r\n");
    if (!head) return;
    Received request = parse(*head);
    if (const auto length = request.headers.find("Content-Length")) {
      request.body = socket.read_exactly(std::stoul(std::string(*length)));
    }
    const auto reply = choose(request);
    if (reply.raw) {
      socket.send(*reply.raw);
      return;
    }
    socket.send("HTTP/1.1 " + std::to_string(reply.status) + " X\r\nContent-Length: " +
                std::to_string(reply.body.size()) + "\r\n" + reply.fields + "\r\n" + reply.body);
  }

  static Received parse(const std::string& head) {
    Received request;
    const auto line = head.substr(0, head.find("\r\n"));
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, second - first - 1);
    for (auto at = line.size() + 2; at + 2 < head.size();) {
      const auto end = head.find("\r\n", at);
      const auto field = head.substr(at, end - at);
      const auto colon = field.find(": ");
      request.headers.add(field.substr(0, colon), field.substr(colon + 2));
      at = end + 2;
    }
    return request;
  }

  Reply choose(const Received& request) {
    std::function<Reply(const Received&)> decide;
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(request);
      decide = decide_;
      if (!decide) return replies_[std::min(next_++, replies_.size() - 1)];
    }
    return decide(request);
  }

  mutable std::mutex mutex_;
  std::vector<Reply> replies_;
  std::size_t next_ = 0;
  std::function<Reply(const Received&)> decide_;
  std::vector<Received> received_;
  http::testing::ScriptedUpstream server_{
      [this](http::testing::RawSocket& socket, int) { serve(socket); }};
};

}  // namespace vestibule::remote::testing
